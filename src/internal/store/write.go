// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	tempPrefix = ".tmp-"

	// TempAge is how old a temporary file must be before ReapTemp takes it
	// for abandoned. No write takes nearly as long: uhttpd ends a CGI after
	// 60 s at the latest.
	TempAge = 60 * time.Second
)

var tempCount atomic.Uint32

// WriteFile puts data at path, mode 0600, replacing what was there in one
// step: a reader sees the old content or the new, and a process killed
// meanwhile leaves only a temporary file. Errors are *Error. It does not wait
// for the storage, which is right for tmpfs and caches; see WriteFileDurably.
func WriteFile(path string, data []byte) error {
	return write(path, data, time.Time{}, nil, false)
}

// WriteFileAt is WriteFile that sets the file's modification time to stamp.
func WriteFileAt(path string, data []byte, stamp time.Time) error {
	return write(path, data, stamp, nil, false)
}

// WriteFileDurably is WriteFile for flash storage: the content is there after
// a power cut, too. Without the first fsync, a file system may keep the
// rename and lose the content, which leaves an empty file under the name.
func WriteFileDurably(path string, data []byte) error {
	return write(path, data, time.Time{}, nil, true)
}

// ErrOvertaken says that another program has replaced a file meanwhile.
var ErrOvertaken = errors.New("another program has changed it meanwhile")

// ReplaceFileDurably is WriteFileDurably for a file that is not the program's
// own: it keeps the mode and the owner that info tells. still is asked last of
// all whether the file may be replaced, nil for yes; if not, the error
// satisfies errors.Is(err, ErrOvertaken).
func ReplaceFileDurably(path string, data []byte, info os.FileInfo, still func() bool) error {
	return write(path, data, time.Time{}, &original{info, still}, true)
}

// original is the file that a new one takes the place of.
type original struct {
	info  os.FileInfo
	still func() bool
}

func write(path string, data []byte, stamp time.Time, like *original, durable bool) error {
	err := writeOnce(path, data, stamp, like, durable)
	if errors.Is(err, os.ErrNotExist) {
		// A clock that jumped can make another process take our temporary
		// file for abandoned. Once is bad luck; twice, the directory is gone.
		err = writeOnce(path, data, stamp, like, durable)
	}
	if err != nil {
		return failed("write", path, err)
	}
	return nil
}

func writeOnce(path string, data []byte, stamp time.Time, like *original, durable bool) (err error) {
	dir := filepath.Dir(path)
	f, err := createTemp(dir)
	if err != nil {
		return err
	}
	temp := f.Name()
	defer func() {
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	_, err = f.Write(data)
	if err == nil && like != nil {
		if stat, ok := like.info.Sys().(*syscall.Stat_t); ok {
			// Only root can; whoever else may write here owns what is here.
			_ = f.Chown(int(stat.Uid), int(stat.Gid))
		}
		err = f.Chmod(like.info.Mode().Perm())
	}
	if err == nil && durable {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && !stamp.IsZero() {
		err = os.Chtimes(temp, stamp, stamp)
	}
	if err == nil && like != nil && like.still != nil && !like.still() {
		err = ErrOvertaken
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err == nil && durable {
		// The name is in the directory. A directory that cannot be synced
		// (some overlays) leaves what every other program lives with.
		if d, derr := openDir(dir); derr == nil {
			_ = d.Sync()
			_ = d.Close()
		}
	}
	return err
}

// createTemp makes a new file that nobody else has. The process's number keeps
// the living apart, O_EXCL the dead: a name left by a killed process that had
// the same number is passed over.
func createTemp(dir string) (*os.File, error) {
	for tries := 0; ; tries++ {
		name := tempPrefix + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(uint64(tempCount.Add(1)), 10)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, fileMode)
		if errors.Is(err, os.ErrExist) && tries < 1000 {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := f.Chmod(fileMode); err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			return nil, err
		}
		return f, nil
	}
}

// IsTemp reports whether name, without a directory, is that of a temporary
// file of this package.
func IsTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }

// ReapTemp removes the temporary files in dir that no living process can be
// writing, and returns how many. A missing dir is an empty one.
func ReapTemp(dir string, now time.Time) (removed int, err error) {
	return Reap(dir, func(name string, stamp time.Time) bool { return Abandoned(name, now, stamp) })
}

// Abandoned reports whether name is a temporary file whose time stamp is far
// enough from now, on either side: after a clock was set back, a stamp from
// before lies in the future and would otherwise keep the file for ever.
func Abandoned(name string, now, stamp time.Time) bool {
	age := Age(now, stamp)
	return IsTemp(name) && (age > TempAge || age < -TempAge)
}

// Reap removes each file of dir for which doomed, given its name and
// modification time, returns true, and returns how many it removed. It does
// not descend, does not follow links and keeps going past a file it cannot
// remove, whose error it returns in the end. It uses constant memory.
func Reap(dir string, doomed func(name string, stamp time.Time) bool) (removed int, err error) {
	each := func(name string) {
		path := filepath.Join(dir, name)
		info, lerr := os.Lstat(path)
		if lerr != nil || info.IsDir() || !doomed(name, info.ModTime()) {
			return
		}
		switch rerr := os.Remove(path); {
		case rerr == nil:
			removed++
		case !errors.Is(rerr, os.ErrNotExist):
			err = failed("remove", path, rerr)
		}
	}
	if lerr := Each(dir, each); lerr != nil {
		return removed, lerr
	}
	return removed, err
}

// Crowded reports whether a directory has at least n entries, whose names have
// length bytes. It counts them only when the directory's size says that there
// may be so many: on tmpfs each entry adds 20 bytes to it, elsewhere the name
// and at least eight more.
func Crowded(dir string, n, length int) bool {
	each := int64(length + 8)
	var system syscall.Statfs_t
	if syscall.Statfs(dir, &system) == nil && int64(system.Type) == tmpfs {
		each = 20
	}
	info, err := os.Stat(dir)
	if err != nil || info.Size() < each*int64(n) {
		return false
	}
	count := 0
	err = Each(dir, func(string) { count++ })
	return err == nil && count >= n
}

const tmpfs = 0x01021994 // As statfs(2) numbers it.

// Each calls f with the name of everything in dir, in no order and a batch at
// a time. A missing dir is an empty one. f may remove what it is given.
func Each(dir string, f func(name string)) error {
	d, err := openDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failed("read the directory", dir, err)
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(256)
		for _, name := range names {
			f(name)
		}
		if err != nil || len(names) == 0 {
			break // io.EOF, or a directory that went away.
		}
	}
	return nil
}
