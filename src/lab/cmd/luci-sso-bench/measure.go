// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sample is what one execution cost.
type sample struct {
	cpu, wall time.Duration
	faults    int64
	output    []byte
}

// execute runs a command to its end. CPU time is what the kernel's scheduler
// counted for the process, to the nanosecond; ticks only divide it into user
// and system time, which is why the sum is used.
func execute(cmd *exec.Cmd) (sample, error) {
	var output bytes.Buffer
	cmd.Stdin = bytes.NewReader(nil)
	cmd.Stdout = &output
	cmd.Stderr = io.Discard
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !timer.Stop() {
		return sample{}, fmt.Errorf("%s did not end within a minute", filepath.Base(cmd.Path))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return sample{}, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return sample{}, errors.New("this system does not say what a process used")
	}
	return sample{
		cpu:    time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		wall:   time.Since(began),
		faults: int64(usage.Minflt) + int64(usage.Majflt),
		output: output.Bytes(),
	}, nil
}

// memory is what a process had resident, in bytes: at most, and of that at its
// end what is its own. The rest is the program's file, which all copies share
// and the kernel can drop.
type memory struct{ peak, own int64 }

// peak runs a command and returns what memory it had.
// The kernel's own count for a child (ru_maxrss) begins with the memory of the
// parent it was forked from, so the process is stopped at its exit instead
// and asked.
func peak(cmd *exec.Cmd) (used memory, output []byte, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := os.CreateTemp("", "luci-sso-bench-")
	if err != nil {
		return used, nil, err
	}
	defer func() { _ = out.Close(); _ = os.Remove(out.Name()) }()
	// A file, as a pipe would need somebody to read it while this one waits.
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, out, nil
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Ptrace = true
	if err := cmd.Start(); err != nil {
		return used, nil, err
	}
	pid := cmd.Process.Pid
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return used, nil, err
	}
	const traceExit = 0x40 // PTRACE_O_TRACEEXIT
	if err := syscall.PtraceSetOptions(pid, traceExit); err != nil {
		_ = cmd.Process.Kill()
		_, _ = syscall.Wait4(pid, &status, 0, nil)
		return used, nil, err
	}
	signal := 0
	for {
		if err := syscall.PtraceCont(pid, signal); err != nil {
			return used, nil, err
		}
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
			return used, nil, err
		}
		if status.Exited() || status.Signaled() {
			break
		}
		signal = 0
		if status.StopSignal() == syscall.SIGTRAP {
			used = resident(pid)
		} else {
			signal = int(status.StopSignal())
		}
	}
	_ = cmd.Process.Release()
	output, err = os.ReadFile(out.Name())
	return used, output, err
}

// resident asks the kernel about a process; zeros when it does not say.
func resident(pid int) (used memory) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return used
	}
	for _, line := range strings.Split(string(text), "\n") {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
		switch name {
		case "VmHWM":
			used.peak = kilobytes << 10
		case "RssAnon":
			used.own = kilobytes << 10
		}
	}
	return used
}

// instructions runs a command and returns how many it executed in its own
// code, or why that cannot be said here: the processor's counter is asked,
// which a virtual machine may not have, and then valgrind, which may not be
// able to run a program of Go.
func instructions(cmd *exec.Cmd) (count int64, why string) {
	if cmd.SysProcAttr != nil && cmd.SysProcAttr.Chroot != "" {
		return 0, "instructions are not counted inside a router's root"
	}
	run := func(tool string, arguments ...string) string {
		counted := exec.Command(tool, append(append(arguments, cmd.Path), cmd.Args[1:]...)...) // #nosec G204 -- what is measured
		counted.Env, counted.Dir = cmd.Env, cmd.Dir
		var text bytes.Buffer
		counted.Stdout, counted.Stderr = io.Discard, &text
		if counted.Start() != nil {
			return ""
		}
		timer := time.AfterFunc(2*time.Minute, func() { _ = counted.Process.Kill() })
		_ = counted.Wait()
		timer.Stop()
		return text.String()
	}
	var reasons []string
	if tool, err := exec.LookPath("perf"); err != nil {
		reasons = append(reasons, "there is no perf")
	} else if text := run(tool, "stat", "-x", ",", "-e", "instructions:u", "--"); true {
		for _, line := range strings.Split(text, "\n") {
			value, rest, _ := strings.Cut(line, ",")
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && strings.Contains(rest, "instructions") {
				return n, ""
			}
		}
		reasons = append(reasons, "this machine has no counter for perf")
	}
	if tool, err := exec.LookPath("valgrind"); err != nil {
		reasons = append(reasons, "there is no valgrind")
	} else {
		_, rest, _ := strings.Cut(run(tool, "--tool=callgrind", "--callgrind-out-file=/dev/null"), "Collected : ")
		if n, err := strconv.ParseInt(firstLine(rest), 10, 64); err == nil {
			return n, ""
		}
		reasons = append(reasons, "valgrind cannot run a program of Go here")
	}
	return 0, "instructions are not counted: " + strings.Join(reasons, ", ") + " (scripts/steps counts those of a router's processor)"
}

// faultCost is what a page fault costs on this machine: of pages of its own,
// that a process touches for the first time. It is what makes the ratios of
// small programs differ from machine to machine.
func faultCost() (time.Duration, error) {
	const pages = 4096
	size := os.Getpagesize()
	least := time.Duration(0)
	for range 5 {
		region, err := syscall.Mmap(-1, 0, pages*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			return 0, err
		}
		const nohugepage = 15 // MADV_NOHUGEPAGE: one fault for each page.
		_ = syscall.Madvise(region, nohugepage)
		began := time.Now()
		for i := 0; i < len(region); i += size {
			region[i] = 1
		}
		took := time.Since(began) / pages
		if err := syscall.Munmap(region); err != nil {
			return 0, err
		}
		if least == 0 || took < least {
			least = took
		}
	}
	return least, nil
}

const ext4 = 0xef53

// fileSystem is the kind of file system that a directory is on, in the
// kernel's numbers.
func fileSystem(dir string) (kind uint32, err error) {
	var info syscall.Statfs_t
	err = syscall.Statfs(dir, &info)
	return uint32(info.Type), err // #nosec G115 -- 32 bits, wherever there are more
}

// Cost is what a request costs: medians of all rounds.
type Cost struct {
	CPU          float64 `json:"cpu_ms"`
	Least        float64 `json:"cpu_ms_least"`
	Wall         float64 `json:"wall_ms"`
	Resident     int64   `json:"peak_bytes,omitempty"`
	Own          int64   `json:"own_bytes,omitempty"` // Of the peak, not the program's file.
	Faults       int64   `json:"page_faults"`
	Instructions int64   `json:"instructions,omitempty"`
	Rounds       int     `json:"rounds"`
}

func summarize(samples []sample) Cost {
	if len(samples) == 0 {
		return Cost{}
	}
	by := func(value func(sample) float64) float64 {
		list := make([]float64, 0, len(samples))
		for _, s := range samples {
			list = append(list, value(s))
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	least := samples[0].cpu
	for _, s := range samples {
		least = min(least, s.cpu)
	}
	return Cost{
		CPU:    by(func(s sample) float64 { return milliseconds(s.cpu) }),
		Wall:   by(func(s sample) float64 { return milliseconds(s.wall) }),
		Faults: int64(by(func(s sample) float64 { return float64(s.faults) })),
		Least:  milliseconds(least),
		Rounds: len(samples),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
