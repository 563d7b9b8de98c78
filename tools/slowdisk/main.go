// SPDX-License-Identifier: Apache-2.0

// Command slowdisk is a disk that takes its time: it shows the files of one
// directory in another, and every operation on them lasts as long as the last
// line of standard input says, "200ms" or "1s 2s" for anything between. It
// ends with standard input. Tests wear the program down with it; it is a module of its
// own, so that what it needs is no dependency of the program.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: slowdisk STORE DIR   (delays on standard input)")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "slowdisk:", err)
		os.Exit(1)
	}
}

func run(store, dir string) error {
	root, err := fs.NewLoopbackRoot(store)
	if err != nil {
		return err
	}
	// Names and attributes are known without asking, as the kernel knows those
	// of a disk. Without allow_other only root gets in, which is who it is for.
	known := time.Second
	disk := &slow{RawFileSystem: fs.NewNodeFS(root, &fs.Options{EntryTimeout: &known, AttrTimeout: &known})}
	server, err := fuse.NewServer(disk, dir, &fuse.MountOptions{FsName: "slowdisk", Name: "slowdisk", DirectMountStrict: true})
	if err != nil {
		return err
	}
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		return err
	}
	fmt.Println("mounted")
	input := bufio.NewScanner(os.Stdin)
	for err == nil && input.Scan() {
		if err = disk.set(input.Text()); err == nil {
			// The answer tells that the new delay applies from here on.
			fmt.Println(disk.count.Swap(0))
		}
	}
	disk.span.Store(&[2]time.Duration{})
	return errors.Join(err, input.Err(), server.Unmount())
}

// slow is a file system whose operations wait first.
type slow struct {
	fuse.RawFileSystem
	span  atomic.Pointer[[2]time.Duration] // Shortest and longest wait.
	count atomic.Int64                     // Operations since the last change.
}

func (s *slow) set(line string) error {
	var span [2]time.Duration
	words := strings.Fields(line)
	if len(words) < 1 || len(words) > 2 {
		return fmt.Errorf("%q is not one or two durations", line)
	}
	for i := range span {
		d, err := time.ParseDuration(words[min(i, len(words)-1)])
		if err != nil || d < 0 || d > time.Minute {
			return fmt.Errorf("%q is not a duration of at most a minute", line)
		}
		span[i] = d
	}
	s.span.Store(&span)
	return nil
}

func (s *slow) wait() {
	s.count.Add(1)
	span := s.span.Load()
	if span == nil || span[1] <= 0 {
		return
	}
	time.Sleep(span[0] + time.Duration(rand.Int63n(int64(max(span[1]-span[0], 0))+1))) // Nothing depends on the number.
}
