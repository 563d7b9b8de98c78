// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"luci-sso/tests/storetest"
)

func TestMain(m *testing.M) {
	storetest.Main(m, map[string]func([]string) error{
		// count <dir>: adds one to a number, many times, under the lock.
		"count": func(args []string) error {
			for i := 0; i < 20; i++ {
				if err := addOne(args[0]); err != nil {
					return err
				}
			}
			return nil
		},
		// write <path>: replaces a file for ever with lines of one letter.
		"write": func(args []string) error {
			fmt.Println("begin")
			for i := 0; ; i++ {
				if err := WriteFile(args[0], bytes.Repeat([]byte{byte('a' + i%26)}, 5000)); err != nil {
					return err
				}
			}
		},
		// hold <dir>: takes the lock again and again.
		"hold": func(args []string) error {
			fmt.Println("begin")
			for {
				unlock, err := LockDir(args[0], 20*time.Second)
				if err != nil {
					return err
				}
				time.Sleep(time.Millisecond)
				unlock()
			}
		},
		"ensure": func(args []string) error {
			syscall.Umask(0o277)
			return EnsureDir(args[0])
		},
	})
}

func addOne(dir string) error {
	unlock, err := LockDir(dir, 30*time.Second)
	if err != nil {
		return err
	}
	defer unlock()
	path := filepath.Join(dir, "count")
	data, err := ReadFile(path, 20)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	n, _ := strconv.Atoi(string(data))
	return WriteFile(path, []byte(strconv.Itoa(n+1)))
}

func private(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "private")
	if err := EnsureDir(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestFiftyProcessesCountWithoutLosingOne(t *testing.T) {
	t.Parallel()
	dir := private(t)
	for i, r := range storetest.Together(t, 50, "count", dir) {
		if !r.OK {
			t.Errorf("process %d: %s", i, r.Line)
		}
	}
	data, _ := ReadFile(filepath.Join(dir, "count"), 20)
	if string(data) != "1000" {
		t.Errorf("50 processes added 20 each and got %s: the lock let two in at once", data)
	}
}

func TestEnsureDirByFiftyProcessesWithAHostileUmask(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	for i, r := range storetest.Together(t, 50, "ensure", dir) {
		if !r.OK {
			t.Errorf("process %d: %s", i, r.Line)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if m := mode(t, d); m.Perm() != 0o700 {
			t.Errorf("%s has mode %v, want 0700 whatever the umask", d, m)
		}
	}
}

func TestKilledWritersNeverLeaveHalfAFile(t *testing.T) {
	t.Parallel()
	dir := private(t)
	path := filepath.Join(dir, "file")
	if err := WriteFile(path, bytes.Repeat([]byte{'a'}, 5000)); err != nil {
		t.Fatal(err)
	}
	storetest.KillAtRandom(t, rounds(), 5*time.Millisecond, func(string) {
		data, err := ReadFile(path, 6000)
		if err != nil || len(data) != 5000 || bytes.Count(data, data[:1]) != 5000 {
			t.Errorf("after a kill the file has %d bytes, %v; want 5000 equal ones", len(data), err)
		}
	}, "write", path)
	if removed, err := ReapTemp(dir, time.Now()); removed != 0 || err != nil {
		t.Errorf("ReapTemp now = %d, %v; files as young as these may still be written", removed, err)
	}
	if _, err := ReapTemp(dir, time.Now().Add(2*TempAge)); err != nil {
		t.Error(err)
	}
	names, _ := os.ReadDir(dir)
	if len(names) != 1 {
		t.Errorf("%d files are left, want the one: ReapTemp does not find what killed processes leave", len(names))
	}
}

func TestKilledHoldersNeverKeepALock(t *testing.T) {
	t.Parallel()
	dir := private(t)
	storetest.KillAtRandom(t, rounds(), 5*time.Millisecond, func(string) {}, "hold", dir)
	start := time.Now()
	unlock, err := LockDir(dir, 5*time.Second)
	if err != nil || time.Since(start) > time.Second {
		t.Fatalf("lock after the kills: %v after %v; want it at once", err, time.Since(start))
	}
	unlock()
}

func rounds() int {
	if testing.Short() {
		return 20
	}
	return 100
}

func TestLockWaitsOnlySoLong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(private(t), "lock")
	unlock, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path, 50*time.Millisecond); !errors.Is(err, ErrBusy) {
		t.Errorf("second lock: %v, want ErrBusy", err)
	}
	unlock()
	unlock, err = Lock(path, 0)
	if err != nil {
		t.Fatal("lock after unlock:", err)
	}
	unlock()
	if m := mode(t, path); m.Perm() != 0o600 {
		t.Errorf("lock file has mode %v", m)
	}
}

func TestLockNoticesThatItsFileWasReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(private(t), "lock")
	unlock, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		second, err := Lock(path, 10*time.Second)
		if err == nil {
			if _, err = Lock(path, 0); errors.Is(err, ErrBusy) {
				err = nil // As it must be: second's lock is on what is at path.
			} else {
				err = fmt.Errorf("a third got in beside the second: %v", err)
			}
			second()
		}
		got <- err
	}()
	time.Sleep(20 * time.Millisecond)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	unlock()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestLockDirDoesNotPutAFileInADirectorysPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(private(t), "missing")
	if _, err := LockDir(path, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LockDir of nothing: %v", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("LockDir created something")
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	dir := private(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.Mkdir(at("dir"), 0o700), os.Symlink(at("dir"), at("dirlink")),
		os.WriteFile(at("file"), []byte("12345"), 0o600), os.Symlink(at("file"), at("filelink")),
		syscall.Mkfifo(at("pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) error { _, err := ReadFile(path, 4); return err }
	lock := func(path string) error { _, err := Lock(path, 0); return err }
	for _, test := range []struct {
		what string
		err  error
		want error
	}{
		{"EnsureDir(link)", EnsureDir(at("dirlink")), ErrSymlink},
		{"EnsureDir(file)", EnsureDir(at("file")), syscall.ENOTDIR},
		{"EnsureDir(below a file)", EnsureDir(at("file/x")), syscall.ENOTDIR},
		{"ReadFile(too large)", read(at("file")), ErrTooLarge},
		{"ReadFile(link)", read(at("filelink")), ErrSymlink},
		{"ReadFile(pipe)", read(at("pipe")), ErrNotRegular},
		{"ReadFile(directory)", read(at("dir")), ErrNotRegular},
		{"ReadFile(missing)", read(at("missing")), fs.ErrNotExist},
		{"Lock(link)", lock(at("filelink")), ErrSymlink},
		{"Lock(directory)", lock(at("dir")), syscall.EISDIR},
		{"Lock(pipe)", lock(at("pipe")), ErrNotRegular},
		{"WriteFile(below a file)", WriteFile(at("file/x"), nil), syscall.ENOTDIR},
		{"Each(link)", Each(at("dirlink"), func(string) {}), ErrSymlink},
	} {
		var described *Error
		if !errors.Is(test.err, test.want) || !errors.As(test.err, &described) {
			t.Errorf("%s = %v, want an *Error with %v", test.what, test.err, test.want)
		} else if !strings.Contains(test.err.Error(), dir) || !strings.Contains(test.err.Error(), "; ") {
			t.Errorf("%s says %q, which lacks the path or what to do", test.what, test.err)
		}
	}
}

func TestForeignOwnerIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root to give a file away")
	}
	dir := private(t)
	sub, file := filepath.Join(dir, "sub"), filepath.Join(dir, "file")
	_ = os.Mkdir(sub, 0o700)
	_ = os.WriteFile(file, nil, 0o600)
	_ = os.Chown(sub, 65534, 65534)
	_ = os.Chown(file, 65534, 65534)
	if err := EnsureDir(sub); !errors.Is(err, ErrForeign) {
		t.Errorf("EnsureDir = %v, want ErrForeign", err)
	}
	if _, err := ReadFile(file, 1); !errors.Is(err, ErrForeign) {
		t.Errorf("ReadFile = %v, want ErrForeign", err)
	}
	if _, err := LockFile(file, 0); !errors.Is(err, ErrForeign) {
		t.Errorf("LockFile = %v, want ErrForeign", err)
	}
}

func TestModesAreHealed(t *testing.T) {
	t.Parallel()
	dir := private(t)
	path := filepath.Join(dir, "file")
	if err := WriteFileAt(path, []byte("x"), time.Unix(12345, 0)); err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(path)
	if info.ModTime().Unix() != 12345 || info.Mode() != 0o600 {
		t.Errorf("WriteFileAt left %v %v", info.ModTime(), info.Mode())
	}
	_ = os.Chmod(dir, 0o755)
	_ = os.Chmod(path, 0o644)
	if err := EnsureDir(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path, 1); err != nil {
		t.Fatal(err)
	}
	if mode(t, dir).Perm() != 0o700 || mode(t, path) != 0o600 {
		t.Errorf("modes %v, %v: not private again", mode(t, dir), mode(t, path))
	}
}

func TestFullAndReadOnlyDisk(t *testing.T) {
	t.Parallel()
	disk := storetest.SmallDisk(t, 64)
	path := filepath.Join(disk, "file")
	if err := WriteFileDurably(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, disk)
	err := WriteFile(path, make([]byte, 5000))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "(ENOSPC); the file system is full") {
		t.Errorf("full disk: %v", err)
	}
	if unlock, err := LockDir(disk, 0); err != nil {
		t.Errorf("a directory cannot be locked on a full disk: %v", err)
	} else {
		unlock()
	}
	storetest.ReadOnly(t, disk)
	if err := WriteFile(path, []byte("new")); !errors.Is(err, syscall.EROFS) {
		t.Errorf("read-only disk: %v", err)
	}
	data, err := ReadFile(path, 10)
	if string(data) != "old" || err != nil {
		t.Errorf("the old content is %q, %v", data, err)
	}
	left := 0
	_ = Each(disk, func(name string) {
		if IsTemp(name) {
			left++
		}
	})
	if left != 0 {
		t.Errorf("%d temporary files are left of writes that failed", left)
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	now := time.Unix(1_795_000_000, 0)
	for _, test := range []struct {
		now, stamp time.Time
		want       time.Duration
	}{
		{now, now, 0},
		{now, now.Add(-5 * time.Minute), 5 * time.Minute},
		{now, now.Add(time.Hour), -time.Hour},
		{now, time.Unix(0, 0), 1_795_000_000 * time.Second},
		{time.Unix(0, 0), now, -1_795_000_000 * time.Second},
		// 2040, on a kernel whose stamps wrapped in 2038.
		{time.Unix(1<<31+100, 0), time.Unix(-(1<<31)+40, 0), time.Minute},
		{time.Unix(1<<31+10, 0), time.Unix(1<<31-10, 0), 20 * time.Second},
	} {
		if got := Age(test.now, test.stamp); got != test.want {
			t.Errorf("Age(%d, %d) = %v, want %v", test.now.Unix(), test.stamp.Unix(), got, test.want)
		}
	}
	if !Abandoned(".tmp-1-1", now, now.Add(30*year)) || !Abandoned(".tmp-1-1", now, now.Add(-61*time.Second)) ||
		Abandoned(".tmp-1-1", now, now) || Abandoned("file", now, now.Add(-year)) {
		t.Error("Abandoned is wrong about a stamp in the future, an old one, a young one or another file")
	}
}

// Crowded counts on any file system; between the two it need not.
func TestCrowded(t *testing.T) {
	t.Parallel()
	for where, dir := range map[string]string{"tmpfs": storetest.SmallDisk(t, 1024), "elsewhere": t.TempDir()} {
		if Crowded(filepath.Join(dir, "none"), 1, 64) {
			t.Errorf("%s: a directory that is not there is crowded", where)
		}
		const n = 400
		for i := range n {
			if err := WriteFile(filepath.Join(dir, fmt.Sprintf("%064x", i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		if !Crowded(dir, n, 64) || Crowded(dir, n+1, 64) {
			t.Errorf("%s: with %d entries Crowded says %t for as many and %t for one more", where, n, Crowded(dir, n, 64), Crowded(dir, n+1, 64))
		}
	}
}
