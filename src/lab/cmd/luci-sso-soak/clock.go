// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// build compiles the program as it is, against a standard library whose clock
// can be turned: time.Now of package time is replaced while compiling (go
// build -overlay) by one that adds the seconds in a file. The program's own
// sources know no such thing, so there is nothing that could be left on in a
// shipped one. Only the calendar moves: deadlines count on the monotonic clock,
// as on a router whose time NTP sets.
func (s *soak) build() (string, error) {
	repo, err := lab.Repository()
	if err != nil {
		return "", err
	}
	src := filepath.Join(repo, "src")
	env := exec.Command("go", "env", "GOROOT")
	env.Dir = src
	root, err := env.Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(original) // Go's own source.
	if err != nil {
		return "", err
	}
	const declaration = "func Now() Time {"
	if strings.Count(string(text), declaration) != 1 {
		return "", fmt.Errorf("%s declares no %q", original, declaration)
	}
	turned := strings.Replace(string(text), declaration, `func Now() Time {
	t := realNow()
	t.addSec(clockShift())
	return t
}

func clockShift() int64 {
	fd, err := open(`+strconv.Quote(s.shiftPath())+`)
	if err != nil {
		return 0
	}
	defer closefd(fd)
	var buf [24]byte
	n, _ := read(fd, buf[:])
	var shift, sign int64 = 0, 1
	for _, c := range buf[:max(n, 0)] {
		if c == '-' {
			sign = -1
		} else if c >= '0' && c <= '9' {
			shift = shift*10 + int64(c-'0')
		}
	}
	return sign * shift
}

func realNow() Time {`, 1)
	replacement := filepath.Join(s.work, "time.go")
	overlay := filepath.Join(s.work, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{original: replacement}})
	if err != nil {
		return "", err
	}
	for path, data := range map[string][]byte{replacement: []byte(turned), overlay: replace} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return "", err
		}
	}
	program := filepath.Join(s.work, "luci-sso")
	flags := lab.BuildFlags
	if s.realRoot != "" {
		flags = lab.RealBuildFlags
	}
	return program, lab.Build(program, append([]string{"-overlay", overlay}, flags...))
}

// shiftPath is where the program looks for its clock. In a real router's root
// it sees nothing else of this machine.
func (s *soak) shiftPath() string {
	if s.realRoot != "" {
		return "/tmp/luci-sso-soak-clock"
	}
	return filepath.Join(s.work, "clock")
}

func (s *soak) shiftFile() string {
	if s.realRoot != "" {
		return s.at(s.shiftPath())
	}
	return s.shiftPath()
}

// turn sets the router's clock so far from this machine's.
func (s *soak) turn(shift time.Duration) error {
	return os.WriteFile(s.shiftFile(), []byte(strconv.FormatInt(int64(shift/time.Second), 10)), 0o600)
}

// providerClock makes the provider's tokens tell a time so far from this
// machine's, until the returned function is called.
func (s *soak) providerClock(shift time.Duration) (remove func()) {
	return s.lab.IDP.Inject(idp.Fault{IDToken: func(t *idp.IDToken) {
		for _, claim := range []string{"iat", "exp", "nbf", "auth_time"} {
			switch value := t.Claims[claim].(type) {
			case int64:
				t.Claims[claim] = value + int64(shift/time.Second)
			case int:
				t.Claims[claim] = int64(value) + int64(shift/time.Second)
			case float64:
				t.Claims[claim] = int64(value) + int64(shift/time.Second)
			}
		}
	}})
}

// stamp dates the kept documents by the router's clock: the kernel, which
// stamps files, knows only this machine's.
func (s *soak) stamp(shift time.Duration) {
	dir := s.at("/var/run/luci-sso/cache/")
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()).Abs() < 10*time.Minute {
			_ = os.Chtimes(filepath.Join(dir, entry.Name()), time.Time{}, info.ModTime().Add(shift))
		}
	}
}

// clock turns the clock between the start of a login and its callback, and
// back.
func (s *soak) clock() error {
	defer func() { _ = s.turn(0) }()
	since1970 := -time.Duration(time.Now().Unix()-3600) * time.Second
	jumps := []time.Duration{time.Hour, -time.Hour, since1970, 30 * time.Second, -30 * time.Second, 24 * time.Hour}
	n := 0
	for range s.many(20, 2) {
		for _, jump := range jumps {
			if err := s.turn(0); err != nil {
				return err
			}
			p, err := s.begin()
			if err != nil {
				return fmt.Errorf("%w with a right clock: %w", errStart, err)
			}
			if err := s.turn(jump); err != nil {
				return err
			}
			r, err := s.cgi(p.request)
			if err != nil {
				return err
			}
			small := jump.Abs() <= time.Minute
			if !r.Valid || (r.Status == 302) != small {
				s.lose("a callback after the clock jumped by %s answers %d; the log says %q", jump, r.Status, tail(s.lab.Log(0), 3))
			}
			// Starts under the wrong clock: answered, and in nobody's way later.
			start, err := s.cgi(lab.Request{})
			if err != nil || !start.Valid {
				s.lose("a start under a clock that is %s off: %v", jump, err)
			}
			if err := s.turn(0); err != nil {
				return err
			}
			if status, err := s.finish(); err != nil || status != 302 {
				s.lose("a login after the clock came back from %s: status %d, %v; the log says %q", jump, status, err, tail(s.lab.Log(0), 3))
			}
			n += 3
			if err := s.thin(); err != nil {
				return err
			}
		}
	}
	s.healthy("the clock's jumps")
	s.did("%d requests around clock jumps of 30 s, 1 h, 24 h and to 1970, where a login only went on when the jump was within clock_tolerance", n)
	return nil
}

// day lets a day and a bit pass in steps of a quarter of an hour: logins at each,
// the provider's keys rotated every six hours, cron's cleanup once an hour.
func (s *soak) day() error {
	defer func() { _ = s.turn(0) }()
	const step = 15 * time.Minute
	steps := s.many(4*26, 26)
	stride := step * time.Duration(4*26/steps)
	discoveries := len(s.lab.IDP.Requests(idp.Discovery))
	for i := range steps {
		shift := stride * time.Duration(i)
		if err := s.turn(shift); err != nil {
			return err
		}
		remove := s.providerClock(shift)
		if shift%(6*time.Hour) == 0 && i > 0 {
			if err := s.lab.IDP.Rotate(); err != nil {
				return err
			}
		}
		for range s.many(4, 2) {
			if status, err := s.finish(); err != nil || status != 302 {
				s.lose("a login %s into the day: status %d, %v; the log says %q", shift, status, err, tail(s.lab.Log(0), 3))
			}
			s.stamp(shift)
		}
		remove()
		if i%4 == 3 {
			if text, err := s.cleanup(); err != nil {
				s.lose("cron's cleanup %s into the day: %v %s", shift, err, text)
			}
		}
		for dir, limit := range map[string]int{"handshakes": 100, "tokens": 3000} {
			if entries, _ := os.ReadDir(s.at("/var/run/luci-sso/" + dir)); len(entries) > limit {
				s.lose("%s into the day there are %d files in %s", shift, len(entries), dir)
			}
		}
	}
	fetched := len(s.lab.IDP.Requests(idp.Discovery)) - discoveries
	if fetched < 1 || fetched > 4 {
		s.lose("in 26 hours the discovery document was fetched %d times, want once or twice: it is kept for a day", fetched)
	}
	tokens, _ := os.ReadDir(s.at("/var/run/luci-sso/tokens"))
	if err := s.turn(0); err != nil {
		return err
	}
	s.did("26 hours passed in %d steps with logins at each, four rotations of keys, %d fetches of the discovery document and %d used tokens left at the end", steps, fetched, len(tokens))
	return nil
}
