// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/tests/storetest"
)

func TestMain(m *testing.M) {
	storetest.Main(m, map[string]func([]string) error{
		// admit <path> <per client> <client>: one request, a limit of 30.
		"admit": func(args []string) error {
			perClient, _ := strconv.Atoi(args[1])
			d, err := Open(args[0], Options{Limit: 30, Window: time.Hour, PerClient: perClient}).Admit(args[2], nil)
			if d.Diagnostic != "" {
				return fmt.Errorf("diagnostic: %s", d.Diagnostic)
			}
			return err
		},
		// work <path>: requests for ever.
		"work": func(args []string) error {
			l := Open(args[0], Options{Limit: 1 << 30, Window: time.Hour, PerClient: 1 << 30})
			fmt.Println("begin")
			for i := 0; ; i++ {
				if d, err := l.Admit(fmt.Sprint("192.0.2.", i%256), nil); err != nil || d.Diagnostic != "" {
					return fmt.Errorf("%v %v", d, err)
				}
				fmt.Println("+")
			}
		},
	})
}

type clock struct{ now time.Time }

func newLimiter(t testing.TB, limit, perClient int) (*Limiter, *clock) {
	t.Helper()
	c := &clock{time.Unix(1_795_000_000, 0)}
	return Open(filepath.Join(t.TempDir(), "run", "ratelimit"), Options{
		Limit: limit, Window: time.Minute, PerClient: perClient,
		Now: func() time.Time { return c.now },
	}), c
}

// admitted sends n requests and returns how many got through.
func admitted(t testing.TB, l *Limiter, client string, n int) int {
	t.Helper()
	got := 0
	for i := 0; i < n; i++ {
		d, err := l.Admit(client, nil)
		if d.Diagnostic != "" {
			t.Fatal(d.Diagnostic)
		}
		switch f, ok := fault.As(err); {
		case err == nil:
			got++
		case !ok || f.Code != fault.TooManyRequests || f.Detail == "" || d.RetryAfter < 1 || d.RetryAfter > 60:
			t.Fatalf("refused with %v, %+v", err, d)
		}
	}
	return got
}

func want(t testing.TB, what string, got, wanted int) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: %d admitted, want %d", what, got, wanted)
	}
}

func TestGlobalWindow(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, 50, 0)
	want(t, "first client", admitted(t, l, "192.0.2.1", 40), 40)
	want(t, "another one", admitted(t, l, "2001:db8::1", 40), 10)
	c.now = c.now.Add(59500 * time.Millisecond)
	if d, err := l.Admit("192.0.2.1", nil); err == nil || d.RetryAfter != 1 {
		t.Errorf("half a second before the end: %+v, %v; want a second to wait", d, err)
	}
	c.now = c.now.Add(500 * time.Millisecond)
	want(t, "next window", admitted(t, l, "192.0.2.1", 60), 50)
}

func TestPerClient(t *testing.T) {
	t.Parallel()
	l, c := newLimiter(t, 50, 10)
	want(t, "a heavy client", admitted(t, l, "192.0.2.1", 1000), 10)
	want(t, "four others", admitted(t, l, "192.0.2.2", 10)+admitted(t, l, "192.0.2.3", 10)+
		admitted(t, l, "192.0.2.4", 10)+admitted(t, l, "192.0.2.5", 10), 40)
	want(t, "a client with the window used up", admitted(t, l, "192.0.2.6", 10), FairShare)
	want(t, "no address", admitted(t, l, "", 1)+admitted(t, l, "nonsense", 9), FairShare)
	c.now = c.now.Add(time.Minute)
	want(t, "the heavy client in the next window", admitted(t, l, "192.0.2.1", 1000), 10)
}

// The promise of the package comment: 10000 requests from many addresses, and
// ten people who log in meanwhile.
func TestTenPeopleGetInDuringAFlood(t *testing.T) {
	t.Parallel()
	for _, addresses := range []int{1, 40, 250, 320} {
		l, c := newLimiter(t, 50, 10)
		through, people := 0, 0
		random := rand.New(rand.NewSource(1))
		for i := 0; i < 10000; i++ {
			c.now = c.now.Add(5 * time.Millisecond)
			n := random.Intn(addresses)
			if _, err := l.Admit(fmt.Sprintf("198.51.%d.%d", n/250, n%250), nil); err == nil {
				through++
			}
			if i%1000 == 999 { // A person: start and callback.
				people += admitted(t, l, fmt.Sprint("192.0.2.", i/1000), 2)
			}
		}
		want(t, fmt.Sprint("ten people against ", addresses, " addresses"), people, 20)
		if most := 50 + Reserve(50); through > most {
			t.Errorf("%d requests of the flood were admitted in a window, want at most %d", through, most)
		}
	}
}

func TestAFloodFromEverywhereIsBounded(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(t, 50, 10)
	got := 0
	for i := 0; i < 5000; i++ {
		got += admitted(t, l, fmt.Sprintf("10.1.%d.%d", i/250, i%250), 1)
	}
	want(t, "5000 addresses", got, 50+Reserve(50))
	info, err := os.Stat(l.path)
	if err != nil || info.Size() > fileSize || info.Mode() != 0o600 {
		t.Errorf("file of %d bytes, mode %v, %v", info.Size(), info.Mode(), err)
	}
}

func TestReserve(t *testing.T) {
	t.Parallel()
	for limit, wanted := range map[int]int{1: 20, 50: 1000, 100: 2000, 1000: 2000, 1 << 30: 2000} {
		if got := Reserve(limit); got != wanted {
			t.Errorf("Reserve(%d) = %d, want %d", limit, got, wanted)
		}
	}
}

func TestClockJumps(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_795_000_000, 0)
	for _, there := range []time.Time{start.Add(time.Hour), start.Add(-time.Hour), start.Add(-time.Second), time.Unix(0, 0), time.Unix(1<<33, 0)} {
		l, c := newLimiter(t, 5, 0)
		want(t, "before the jump", admitted(t, l, "", 9), 5)
		c.now = there
		want(t, fmt.Sprint("after the jump to ", there), admitted(t, l, "", 9), 5)
		c.now = start.Add(61 * time.Second)
		want(t, "back from the jump and a minute later", admitted(t, l, "", 9), 5)
	}
}

func TestDamagedFileIsAnEmptyWindow(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(t, 5, 3)
	want(t, "before", admitted(t, l, "192.0.2.1", 9), 3)
	good, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[19] ^= 1
	for name, data := range map[string][]byte{
		"empty": {}, "cut short": good[:headerSize-1], "garbage": bytes.Repeat([]byte{0xff}, fileSize),
		"zeros": make([]byte, fileSize), "flipped bit": flipped, "huge": make([]byte, 1<<20),
	} {
		if err := os.WriteFile(l.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		want(t, name, admitted(t, l, "192.0.2.1", 9), 3)
		if info, _ := os.Stat(l.path); info.Size() > fileSize {
			t.Errorf("%s: the file keeps %d bytes", name, info.Size())
		}
	}
	// A table cut off below an intact header loses the clients' counts only.
	_ = os.WriteFile(l.path, good[:headerSize], 0o600)
	want(t, "table cut off", admitted(t, l, "192.0.2.1", 9), 3)
}

func TestUnusableStorageAdmitsAndSaysSo(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	_ = os.Mkdir(at("dir"), 0o700)
	_ = os.WriteFile(at("file"), nil, 0o600)
	_ = os.Symlink(at("file"), at("link"))
	_ = syscall.Mkfifo(at("pipe"), 0o600)
	disk := storetest.SmallDisk(t, 64)
	full := storetest.SmallDisk(t, 64)
	storetest.Fill(t, full)
	storetest.ReadOnly(t, disk)
	for _, path := range []string{at("dir"), at("link"), at("pipe"), at("file/x"), disk + "/x/ratelimit", full + "/ratelimit"} {
		l := Open(path, Options{Limit: 1, PerClient: 1})
		for i := 0; i < 3; i++ {
			d, err := l.Admit("192.0.2.1", nil)
			if err != nil || d.RetryAfter != 0 || !strings.Contains(d.Diagnostic, "not being limited") || !strings.Contains(d.Diagnostic, filepath.Dir(path)) {
				t.Errorf("%s: %+v, %v; want the request admitted and a diagnostic with the path", path, d, err)
			}
		}
	}
}

func TestFiftyProcessesAreCountedExactly(t *testing.T) {
	t.Parallel()
	for _, perClient := range []int{0, 40} {
		path := filepath.Join(t.TempDir(), "ratelimit")
		got := 0
		for _, r := range storetest.Together(t, 50, "admit", path, strconv.Itoa(perClient), "192.0.2.1") {
			switch {
			case r.OK:
				got++
			case !strings.Contains(r.Line, string(fault.TooManyRequests)):
				t.Error(r.Line)
			}
		}
		want(t, fmt.Sprint("50 processes, per client ", perClient), got, 30)
	}
}

func TestKilledProcessesLeaveAUsableCount(t *testing.T) {
	t.Parallel()
	rounds := 80
	if testing.Short() {
		rounds = 15
	}
	path := filepath.Join(t.TempDir(), "ratelimit")
	admitted := 0
	storetest.KillAtRandom(t, rounds, 8*time.Millisecond, func(out string) { admitted += strings.Count(out, "+") }, "work", path)
	f, err := openRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := readWindow(f)
	// Each killed process may have counted one request that it did not tell.
	if err != nil || !w.valid || int(w.total) < admitted || int(w.total) > admitted+rounds {
		t.Errorf("%d requests were admitted, the file says %+v, %v", admitted, w, err)
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	for address, wanted := range map[string]string{
		"192.0.2.1":               "192.0.2.1/32",
		"::ffff:192.0.2.1":        "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6":    "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::":     "2001:db8:1:2::/64",
		"fe80::1%br-lan":          "fe80::/64",
		"":                        "?",
		"192.0.2.1:80":            "?",
		strings.Repeat("9", 4000): "?",
	} {
		if got := Client(address); got != wanted {
			t.Errorf("Client(%q) = %q, want %q", address, got, wanted)
		}
	}
}

func FuzzRecord(f *testing.F) {
	l, _ := newLimiter(f, 5, 3)
	_, _ = l.Admit("192.0.2.1", nil)
	good, _ := os.ReadFile(l.path)
	f.Add(good)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, _ := newLimiter(t, 5, 3)
		_, _ = l.Admit("192.0.2.1", nil)
		if err := os.WriteFile(l.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := admitted(t, l, "192.0.2.9", 9); got > 3 {
			t.Errorf("a damaged file let %d requests of one client through", got)
		}
		// Whatever it said, it holds for a window at most.
		l.opt.Now = func() time.Time { return time.Unix(1_795_000_061, 0) }
		want(t, "a window later", admitted(t, l, "192.0.2.10", 9), 3)
	})
}

func BenchmarkAdmit(b *testing.B) {
	for _, perClient := range []int{0, 1 << 20} {
		l := Open(filepath.Join(b.TempDir(), "ratelimit"), Options{Limit: 1 << 30, Window: time.Hour, PerClient: perClient})
		b.Run(fmt.Sprint("perclient=", perClient > 0), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				_, _ = l.Admit("192.0.2.1", nil)
			}
		})
	}
}

// What a page of another site has a browser send does not keep out the person
// who uses it, and what forges a claim wins a bounded number of requests.
func TestClaims(t *testing.T) {
	t.Parallel()
	for _, perClient := range []int{0, 10} {
		l, c := newLimiter(t, 50, perClient)
		with := func(claim Claim, n int) (got int) {
			for range n {
				if _, err := l.Admit("192.0.2.1", func() Claim { return claim }); err == nil {
					got++
				}
			}
			return got
		}
		limit := 50
		if perClient > 0 {
			limit = perClient
		}
		want(t, "the flood", with(NoClaim, 200), limit)
		want(t, "a page of the router", with(OwnPage, 1), 1)
		want(t, "the flood still", with(NoClaim, 200), 0)
		want(t, "forged claims", with(OwnPage, 200), OwnReserve-1)
		want(t, "a login in progress", with(OwnLogin, 200), OwnReserve)
		c.now = c.now.Add(time.Minute)
		want(t, "forged claims alone in the next window", with(OwnPage, 200), limit+OwnReserve)
	}
}

// Asking for a claim costs: it is done only when it matters.
func TestClaimIsAskedOnlyBeyondTheLimit(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter(t, 5, 0)
	asked := 0
	for range 8 {
		_, _ = l.Admit("192.0.2.1", func() Claim { asked++; return NoClaim })
	}
	if asked != 3 {
		t.Errorf("8 requests with a limit of 5: asked %d times, want 3", asked)
	}
}
