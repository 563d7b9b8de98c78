// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"luci-sso/tests/randomtest"
)

// breakRandom, as the first argument, makes this test program a helper that
// becomes the command behind it with a broken getrandom(2).
const breakRandom = "break-random"

// TestMain ends with the sums that the project promises.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == breakRandom {
		errno, _ := strconv.Atoi(os.Args[2])
		err := randomtest.Exec(syscall.Errno(errno), os.Args[3], os.Args[3:], os.Environ())
		fmt.Fprintln(os.Stderr, breakRandom, err)
		os.Exit(99)
	}
	status := m.Run()
	sums.print()
	os.Exit(status)
}

// sums counts what was proven, by kind and name.
var sums proven

type proven struct {
	mu   sync.Mutex
	of   map[string]int
	seen map[string]map[string]bool
}

// expect says how many there are of a kind.
func (p *proven) expect(kind string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of, p.seen = map[string]int{}, map[string]map[string]bool{}
	}
	p.of[kind] = n
	p.seen[kind] = map[string]bool{}
}

// add counts one of them, once; failed ones do not count.
func (p *proven) add(t *testing.T, kind, name string) {
	if t.Failed() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[kind][name] = true
}

func (p *proven) print() {
	var kinds []string
	for kind := range p.of {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	for _, kind := range kinds {
		fmt.Printf("note: %s\n", strings.Replace(strings.Replace(kind, "#", strconv.Itoa(len(p.seen[kind])), 1), "#", strconv.Itoa(p.of[kind]), 1))
	}
}

// The kinds; the first # is how many were proven, the second of how many.
const (
	codesProvoked     = "# of # codes provoked"
	oktaExplained     = "# of # provider errors explained (Okta)"
	scalekitExplained = "# of # provider errors explained (Scalekit)"
	standardExplained = "# of # provider errors explained (standards)"
	checksProven      = "# of # relying-party checks proven"
)
