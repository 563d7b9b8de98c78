// SPDX-License-Identifier: Apache-2.0

// Package storetest owns what tests of state on disk need: the test binary
// run as other, real processes, started at one moment or killed at any, and
// disks that are full or read-only. Only tests import it.
package storetest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const roleVar = "LUCI_SSO_TEST_ROLE"

// Main is for TestMain: it runs the tests or, in a process that Start or
// Together started, the role it was started for.
func Main(m *testing.M, roles map[string]func(args []string) error) {
	name := os.Getenv(roleVar)
	if name == "" {
		os.Exit(m.Run())
	}
	role, ok := roles[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such role:", name)
		os.Exit(2)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // Until the starter says go.
	if err := role(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Process is a started role. What it prints is whole once it has ended.
type Process struct {
	Cmd *exec.Cmd
	Out bytes.Buffer
}

func start(t testing.TB, stdin io.Reader, role string, args []string) *Process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{Cmd: exec.Command(exe, args...)}
	p.Cmd.Env = append(os.Environ(), roleVar+"="+role)
	p.Cmd.Stdin, p.Cmd.Stdout, p.Cmd.Stderr = stdin, &p.Out, os.Stderr
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// Result is how a process ended.
type Result struct {
	OK   bool   // Its role returned nil.
	Line string // What it printed, or its role's error.
}

// Together runs n processes of a role and lets them begin at one moment.
func Together(t testing.TB, n int, role string, args ...string) []Result {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	processes := make([]*Process, n)
	for i := range processes {
		processes[i] = start(t, r, role, args)
	}
	_ = r.Close()
	time.Sleep(50 * time.Millisecond) // Most have reached their gate; more is not needed.
	_ = w.Close()
	results := make([]Result, n)
	for i, p := range processes {
		err := p.Cmd.Wait()
		results[i] = Result{OK: err == nil, Line: strings.TrimSpace(p.Out.String())}
	}
	return results
}

// OneWins runs n processes of a role at one moment and expects exactly one to
// succeed, and the others to end with an error that names refusal.
func OneWins(t testing.TB, n int, refusal, role string, args ...string) {
	t.Helper()
	winners := 0
	for _, r := range Together(t, n, role, args...) {
		switch {
		case r.OK:
			winners++
		case !strings.Contains(r.Line, refusal):
			t.Errorf("%s: %s; want %s", role, r.Line, refusal)
		}
	}
	if winners != 1 {
		t.Errorf("%s: %d of %d processes succeeded, want 1", role, winners, n)
	}
}

// KillAtRandom runs a role that works without end, rounds times, four
// processes at a time, and kills each with SIGKILL after up to longest of work.
// The role has to print a line when it begins to work. Each killed process's
// output goes to check.
func KillAtRandom(t testing.TB, rounds int, longest time.Duration, check func(out string), role string, args ...string) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	gate := make(chan struct{}, 4)
	for i := 0; i < rounds; i++ {
		pause := time.Duration(rand.Int63n(int64(longest)))
		gate <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-gate; wg.Done() }()
			out := runAndKill(t, pause, role, args)
			mu.Lock()
			defer mu.Unlock()
			check(out)
		}()
	}
	wg.Wait()
}

func runAndKill(t testing.TB, pause time.Duration, role string, args []string) string {
	exe, err := os.Executable()
	if err != nil {
		t.Error(err)
		return ""
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return ""
	}
	var out bytes.Buffer
	first := make([]byte, 1)
	if _, err := io.ReadFull(stdout, first); err != nil {
		t.Errorf("role %s ended before it began: %v", role, err)
	}
	out.Write(first)
	done := make(chan struct{})
	go func() { _, _ = io.Copy(&out, stdout); close(done) }()
	time.Sleep(pause)
	_ = cmd.Process.Kill()
	<-done
	err = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("role %s ended by itself (%v): %s", role, err, out.String())
	}
	return out.String()
}

// SmallDisk mounts a tmpfs of size KiB for the test and returns its directory.
// Where mounting is not allowed the test is skipped with the reason.
func SmallDisk(t testing.TB, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk,mode=0700", size)); err != nil {
		t.Skip("needs root and the right to mount a tmpfs for a disk that can be full:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// ReadOnly remounts a SmallDisk so that nothing can be written.
func ReadOnly(t testing.TB, dir string) {
	t.Helper()
	// A process that another test is just starting has copies of this one's
	// open files for a moment, and keeps the disk busy with them.
	var err error
	for i := 0; i < 500; i++ {
		err = syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
		if err != syscall.EBUSY {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Fatal("remount read-only: ", err)
	}
}

// Fill writes to the disk of dir until nothing fits any more.
func Fill(t testing.TB, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, chunk := range []int{4096, 1} {
		for {
			if _, err := f.Write(make([]byte, chunk)); err != nil {
				break
			}
		}
	}
}
