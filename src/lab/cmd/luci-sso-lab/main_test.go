// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
	"luci-sso/lab/people"
)

// output can be written and read at the same time.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func TestArguments(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.ini")
	if err := os.WriteFile(broken, []byte("[alice]\nmail = alice@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args string
		exit int
		want string
	}{
		{"--help", 0, "scripts/lab [options]"},
		{"--list-faults", 0, "wrong-nonce"},
		{"--nonsense", 2, "nonsense"},
		{"stray", 2, "stray"},
		{"--fault no-such-fault", 2, "no-such-fault"},
		{"--router 8443", 2, "--router takes HOST:PORT"},
		{"--check --people x", 2, "leave --people out"},
		{"--people " + broken, 1, `unknown key "mail"`},
	} {
		var out output
		if exit := run(strings.Fields(test.args), &out, &out); exit != test.exit || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: exit %d and %q, want %d and something about %q", test.args, exit, out.String(), test.exit, test.want)
		}
	}
}

func TestHelpNamesEveryFlagAndFault(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"--check", "--json", "--people", "--fault", "--list-faults", "--router", "--provider", "--router-root", "--program", "--keep", "--plain"} {
		if !strings.Contains(usage, name+" ") {
			t.Errorf("the help does not mention %s", name)
		}
	}
	var out output
	run([]string{"--list-faults"}, &out, &out)
	if got, want := strings.Count(out.String(), "\n"), len(idp.Catalogue()); got != want {
		t.Errorf("--list-faults prints %d lines for %d faults", got, want)
	}
}

func TestPeopleFileIsMade(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "people.ini")
	s := &settings{peopleFile: path, faults: repeated{"slow"}}
	var out output
	cast, err := s.cast(&out)
	if err != nil || !strings.Contains(out.String(), "built-in example") || len(cast.Provider.Faults) != 1 {
		t.Fatalf("a missing file: %v, %q", err, out.String())
	}
	if data, _ := os.ReadFile(path); !bytes.Equal(data, people.Example) {
		t.Error("the file is not the example")
	}
	out = output{}
	if _, err := s.cast(&out); err != nil || out.String() != "" {
		t.Errorf("an existing file: %v, %q", err, out.String())
	}
}

func TestCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds the router's program")
	}
	var out, errors output
	if exit := run([]string{"--check", "--json"}, &out, &errors); exit != 0 {
		t.Fatalf("exit %d\n%s%s", exit, out.String(), errors.String())
	}
	var result report
	if err := json.Unmarshal([]byte(out.String()), &result); err != nil || !result.OK || len(result.Steps) < 8 {
		t.Errorf("the report is %+v, %v", result, err)
	}
	out = output{}
	if exit := run([]string{"--check", "--fault", "no-at-hash"}, &out, &errors); exit != 1 || !strings.Contains(out.String(), "MISSING_AT_HASH") || !strings.Contains(out.String(), "Broken: alice signs in") {
		t.Errorf("with a fault: exit %d\n%s", exit, out.String())
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("there are colours in what is not a terminal")
	}
}

func TestServeUntilSignal(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds the router's program")
	}
	t.Setenv("TMPDIR", t.TempDir())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	stop := make(chan os.Signal, 1)
	var out output
	s := &settings{router: taken.Addr().String(), provider: "127.0.0.1:0"}
	if exit := s.serve(people.Default(), stop, &out, &out, false); exit != 1 || !strings.Contains(out.String(), "--router 127.0.0.1:PORT") {
		t.Errorf("on a busy port: exit %d, %q", exit, out.String())
	}
	out = output{}
	s.router = "localhost:0"
	exit := make(chan int, 1)
	go func() { exit <- s.serve(people.Default(), stop, &out, &out, false) }()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(out.String(), "Ctrl-C ends the lab"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no banner: %q", out.String())
		}
		if len(exit) > 0 {
			t.Fatalf("the lab ended by itself: %q", out.String())
		}
	}
	stop <- syscall.SIGINT
	if code := <-exit; code != 0 {
		t.Errorf("after Ctrl-C: exit %d", code)
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestWelcome: what the welcome says is true of what was started.
func TestWelcome(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds the router's program")
	}
	for _, fresh := range []bool{false, true} {
		t.Setenv("TMPDIR", t.TempDir())
		stop := make(chan os.Signal, 1)
		var out output
		s := &settings{router: "localhost:0", provider: "127.0.0.1:0", fresh: fresh, routerRoot: os.Getenv(lab.RealRootVariable)}
		exit := make(chan int, 1)
		go func() { exit <- s.serve(people.Default(), stop, &out, &out, false) }()
		for deadline := time.Now().Add(time.Minute); !strings.Contains(out.String(), "Ctrl-C ends the lab"); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) || len(exit) > 0 {
				t.Fatalf("no welcome: %q", out.String())
			}
		}
		text := out.String()
		_, shell, _ := strings.Cut(text, "at a shell: ")
		shell, _, _ = strings.Cut(shell, "\n")
		words := strings.Fields(shell)
		doctor, _ := exec.Command(words[0], append(words[1:], "--json")...).Output() // It exits with 2 where nothing is set up.
		if !json.Valid(doctor) || len(doctor) == 0 {
			t.Errorf("fresh %v: %q gives no report of the doctor: %q", fresh, shell, doctor)
		}
		if fresh && strings.Contains(string(doctor), "operator") {
			t.Errorf("the doctor speaks of roles that are not there: %s", doctor)
		}
		for part, want := range map[string]bool{
			"root / router": true, "alice": true, "Nothing is set up yet": fresh, "role admin lists her": !fresh, "alice@example.com": fresh,
		} {
			if strings.Contains(text, part) != want {
				t.Errorf("fresh %v: %q in the welcome is %v, want %v:\n%s", fresh, part, !want, want, text)
			}
		}
		stop <- syscall.SIGINT
		<-exit
	}
}
