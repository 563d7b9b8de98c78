// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"luci-sso/lab"
)

// disk is a file system on which every operation takes as long as it is told
// (tools/slowdisk).
type disk struct {
	process *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

// slowDisk puts a slow disk on a directory. What it cannot have is errSkip.
func (s *soak) slowDisk(dir string) (*disk, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: a disk of our own needs root", errSkip)
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return nil, fmt.Errorf("%w: there is no /dev/fuse here", errSkip)
	}
	repo, err := lab.Repository()
	if err != nil {
		return nil, err
	}
	program, store := filepath.Join(s.work, "slowdisk"), filepath.Join(s.work, "slow")
	build := exec.Command("go", "build", "-o", program, ".") // #nosec G204 -- our own
	build.Dir = filepath.Join(repo, "tools", "slowdisk")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if text, err := build.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
		return nil, fmt.Errorf("%w: tools/slowdisk cannot be built: %w: %s", errSkip, err, first)
	}
	if err := os.MkdirAll(store, 0o700); err != nil {
		return nil, err
	}
	d := &disk{process: exec.Command(program, store, dir)} // #nosec G204 -- our own
	d.process.Stderr = os.Stderr
	if d.input, err = d.process.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := d.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.output = bufio.NewReader(output)
	if err := d.process.Start(); err != nil {
		return nil, err
	}
	if line, err := d.output.ReadString('\n'); err != nil || line != "mounted\n" {
		_ = d.close()
		return nil, fmt.Errorf("%w: a slow disk cannot be mounted", errSkip)
	}
	return d, nil
}

// take sets how long operations take from now on, and returns how many there
// were since it was set last.
func (d *disk) take(span string) (operations int, err error) {
	if _, err := io.WriteString(d.input, span+"\n"); err != nil {
		return 0, err
	}
	_, err = fmt.Fscanln(d.output, &operations)
	return operations, err
}

func (d *disk) close() error {
	return errors.Join(d.input.Close(), d.process.Wait())
}

// slow keeps the state on a disk whose every operation takes a fifth of a
// second, then one to two seconds: people log in side by side, and programs
// are killed in the middle of their files.
func (s *soak) slow() error {
	d, err := s.slowDisk(s.at("/var/run/luci-sso"))
	if err != nil {
		return err
	}
	runs := []struct {
		span          string
		people, kills int
		all           bool // Everybody must get in.
	}{{"200ms", 12, 60, true}, {"1s 2s", 6, 24, false}}
	if s.short {
		runs = runs[:1]
		runs[0].span, runs[0].people, runs[0].kills = "100ms", 3, 8
	}
	for _, r := range runs {
		if err := s.slowRun(d, r.span, r.people, r.kills, r.all); err != nil {
			return errors.Join(err, d.close())
		}
	}
	s.healthy("the slow disk")
	return d.close()
}

func (s *soak) slowRun(d *disk, span string, people, kills int, all bool) error {
	// The caches fill while the disk is quick, as they do in a day's use.
	if _, err := s.lab.Login("alice"); err != nil {
		return fmt.Errorf("on the disk while it is quick: %w", err)
	}
	var pending []*pendingLogin
	for range kills / 2 {
		p, err := s.begin()
		if err != nil {
			return err
		}
		pending = append(pending, p)
	}
	if _, err := d.take(span); err != nil {
		return err
	}
	// Alone, everybody gets in, however long it takes.
	alone, lonely := s.slowPeople(1, true, span)
	in, longest := s.slowPeople(people, all, span)
	died, went := s.slowKills(pending, span)
	operations, err := d.take("0s")
	if err != nil {
		return err
	}
	// Nothing that was killed keeps a lock, and nobody has to wait for it.
	began := time.Now()
	if _, err := s.lab.Login("alice"); err != nil {
		s.lose("once a disk of %s is quick again a login fails: %v; the log says %q", span, err, tail(s.lab.Log(0), 3))
	} else if took := time.Since(began); took > 5*time.Second {
		s.lose("once a disk of %s is quick again a login takes %s", span, took)
	}
	for i, p := range pending {
		if again, err := s.cgi(p.request); err != nil || again.Status == 302 && went[i] {
			s.lose("on a disk of %s one callback was accepted twice (%v)", span, err)
		}
	}
	s.did("on a disk that takes %s for each operation (%d of them) %d of 1 alone got in after %.0f s, %d of %d people who came together after %.0f s at most, and %d of %d programs died of a SIGKILL in the middle",
		strings.Replace(span, " ", " to ", 1), operations, alone, lonely.Seconds(), in, people, longest.Seconds(), died, 2*len(pending))
	return nil
}

// slowPeople log in side by side. Who does not get in must have been told so,
// as documented, before uhttpd loses patience.
func (s *soak) slowPeople(people int, all bool, span string) (in int, longest time.Duration) {
	var group sync.WaitGroup
	var mu sync.Mutex
	for range people {
		group.Add(1)
		go func() {
			defer group.Done()
			began := time.Now()
			_, err := s.lab.Login("alice")
			refusal, refused := lab.AsRefusal(err)
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, time.Since(began))
			if err == nil {
				in++
				return
			}
			if all || !refused || refusal.Status < 500 || refusal.Status == 502 || refusal.Header.Get("Content-Type") == "" {
				mu.Unlock()
				s.lose("on a disk of %s somebody meets %v; the log says %q", span, err, tail(s.lab.Log(0), 3))
				mu.Lock()
			}
		}()
	}
	group.Wait()
	return in, longest
}

// slowKills kills the callbacks of these logins, and as many starts, eight at
// a time. It reports which callbacks were seen to go through all the same.
func (s *soak) slowKills(pending []*pendingLogin, span string) (died int, went []bool) {
	went = make([]bool, len(pending))
	var group sync.WaitGroup
	var mu sync.Mutex
	places := make(chan struct{}, 8)
	kill := func(request lab.Request) (through bool) {
		request.KillAfter = s.moment(4*time.Second) + time.Millisecond
		r, err := s.cgi(request)
		if err != nil {
			s.lose("on a disk of %s: %v", span, err)
			return false
		}
		if r.ExitCode == -1 {
			mu.Lock()
			died++
			mu.Unlock()
		}
		return r.Status == 302 && r.Valid
	}
	for i, p := range pending {
		group.Add(2)
		places <- struct{}{}
		go func() {
			defer func() { <-places; group.Done() }()
			went[i] = kill(p.request)
		}()
		places <- struct{}{}
		go func() {
			defer func() { <-places; group.Done() }()
			kill(lab.Request{})
		}()
	}
	group.Wait()
	return died, went
}
