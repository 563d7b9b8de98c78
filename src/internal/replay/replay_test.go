// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/tests/storetest"
)

func TestMain(m *testing.M) {
	storetest.Main(m, map[string]func([]string) error{
		// register <dir> <token>
		"register": func(args []string) error {
			return Open(args[0]).Register(secret.New(args[1]), time.Now().Add(time.Hour))
		},
		// work <dir>: registers new tokens for ever and tells each before and after.
		"work": func(args []string) error {
			r := Open(args[0])
			fmt.Println("begin")
			for i := 0; ; i++ {
				token := fmt.Sprint("token-", os.Getpid(), "-", i)
				if err := r.Register(secret.New(token), time.Now().Add(time.Hour)); err != nil {
					return err
				}
				fmt.Println("registered", token)
			}
		},
	})
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if f, ok := fault.As(err); !ok || f.Code != code || f.Detail == "" {
		t.Errorf("%s: %v, want %s with a diagnostic", what, err, code)
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run", "tokens")
	r := Open(dir)
	later := time.Now().Add(time.Hour)
	a := secret.New("access-token-a")
	if err := r.Register(a, later); err != nil {
		t.Fatal(err)
	}
	err := r.Register(a, later)
	wantFault(t, "again", err, fault.TokenReplayed)
	if strings.Contains(fmt.Sprint(err), a.Reveal()) {
		t.Errorf("the token is in %q", err)
	}
	if err := r.Register(secret.New("access-token-b"), later); err != nil {
		t.Error(err)
	}
	wantFault(t, "empty", r.Register(secret.Value{}, later), fault.TokenRegistryError)
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Fatalf("%d files, want 2", len(entries))
	}
	for _, e := range entries {
		info, _ := e.Info()
		if info.Mode() != 0o600 || info.Size() != 0 || strings.Contains(e.Name(), "token") {
			t.Errorf("%s %v %d", e.Name(), info.Mode(), info.Size())
		}
	}
}

func TestOneOfFiftyProcessesRegisters(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tokens")
	storetest.OneWins(t, 50, string(fault.TokenReplayed), "register", dir, "one-token")
}

func TestKilledProcessesForgetNothing(t *testing.T) {
	t.Parallel()
	rounds := 80
	if testing.Short() {
		rounds = 15
	}
	dir := filepath.Join(t.TempDir(), "tokens")
	seen := 0
	storetest.KillAtRandom(t, rounds, 8*time.Millisecond, func(out string) {
		for _, line := range strings.Split(strings.TrimSuffix(out, "\n"), "\n") {
			if token, ok := strings.CutPrefix(line, "registered "); ok && strings.HasSuffix(out, "\n") {
				seen++
				wantFault(t, token, Open(dir).Register(secret.New(token), time.Now()), fault.TokenReplayed)
			}
		}
	}, "work", dir)
	if seen == 0 {
		t.Error("nothing was registered before the kills: the test proved nothing")
	}
	if removed, err := Open(dir).Reap(time.Now().Add(3 * time.Hour)); removed < seen || err != nil {
		t.Errorf("Reap = %d, %v; want all, at least %d", removed, err, seen)
	}
}

func TestReap(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_795_000_000, 0)
	for _, test := range []struct {
		name      string
		keepUntil time.Time
		reapAt    time.Time
		removed   int
	}{
		{"still kept", now.Add(5 * time.Minute), now.Add(4 * time.Minute), 0},
		{"in the time of grace", now.Add(5 * time.Minute), now.Add(time.Hour), 0},
		{"over", now.Add(5 * time.Minute), now.Add(66 * time.Minute), 1},
		{"for ever is a day", now.Add(100 * 365 * 24 * time.Hour), now.Add(26 * time.Hour), 1},
		{"for ever is not less", now.Add(100 * 365 * 24 * time.Hour), now.Add(24 * time.Hour), 0},
		{"in the past is now", time.Time{}, now.Add(30 * time.Minute), 0},
		{"the clock ran an hour ahead", now.Add(5 * time.Minute), now.Add(time.Hour), 0},
		{"the clock was set back to 1970", now.Add(5 * time.Minute), time.Unix(0, 0), 0},
	} {
		r := Open(filepath.Join(t.TempDir(), "tokens"))
		r.Now = func() time.Time { return now }
		token := secret.New("token")
		if err := r.Register(token, test.keepUntil); err != nil {
			t.Fatal(err)
		}
		if removed, err := r.Reap(test.reapAt); removed != test.removed || err != nil {
			t.Errorf("%s: Reap = %d, %v; want %d", test.name, removed, err, test.removed)
		}
		if test.removed == 0 {
			wantFault(t, test.name, r.Register(token, test.keepUntil), fault.TokenReplayed)
		}
	}
	if removed, err := Open(filepath.Join(t.TempDir(), "none")).Reap(now); removed != 0 || err != nil {
		t.Errorf("Reap without a directory = %d, %v", removed, err)
	}
}

func TestUnusableStorage(t *testing.T) {
	t.Parallel()
	until := time.Now()
	base := t.TempDir()
	file := filepath.Join(base, "file")
	_ = os.WriteFile(file, nil, 0o600)
	_ = os.Symlink(base, filepath.Join(base, "link"))
	for _, dir := range []string{file, filepath.Join(base, "link"), filepath.Join(file, "x")} {
		wantFault(t, dir, Open(dir).Register(secret.New("t"), until), fault.TokenRegistryError)
	}
	disk := storetest.SmallDisk(t, 64)
	r := Open(filepath.Join(disk, "tokens"))
	if err := r.Register(secret.New("first"), until); err != nil {
		t.Fatal(err)
	}
	storetest.ReadOnly(t, disk)
	err := r.Register(secret.New("second"), until)
	wantFault(t, "read-only", err, fault.TokenRegistryError)
	if !strings.Contains(fmt.Sprint(err), "EROFS") || !strings.Contains(fmt.Sprint(err), disk) {
		t.Errorf("read-only disk: %v lacks the reason or the path", err)
	}
	wantFault(t, "a used one, read-only", r.Register(secret.New("first"), until), fault.TokenReplayed)
}

func BenchmarkRegisterBeside10000(b *testing.B) {
	r := Open(filepath.Join(b.TempDir(), "tokens"))
	until := time.Now().Add(time.Hour)
	for i := 0; i < 10000; i++ {
		if err := r.Register(secret.New(fmt.Sprint(i)), until); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		_ = r.Register(secret.New(fmt.Sprint("more", i%1000)), until)
	}
}

// TestReapAtTheEdge: a token is kept for the time of grace to its last
// instant, also one that was registered with a time already past.
func TestReapAtTheEdge(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	r := Open(filepath.Join(t.TempDir(), "tokens"))
	r.Now = func() time.Time { return now }
	if err := r.Register(secret.New("past"), now.Add(-10*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]int{0: 0, grace: 0} {
		if removed, err := r.Reap(now.Add(at)); err != nil || removed != want {
			t.Errorf("after %s: %d removed, %v, want %d", at, removed, err, want)
		}
	}
	if removed, err := r.Reap(now.Add(grace + time.Second)); err != nil || removed != 1 {
		t.Errorf("after the time of grace: %d removed, %v, want 1", removed, err)
	}
}

// TestFull: where tokens cannot be forgotten, one more is refused, and none is
// taken for known that is not there.
func TestFull(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := Open(filepath.Join(t.TempDir(), "tokens"))
	r.capacity, r.Now = 2, func() time.Time { return now }
	token := func(i int) secret.Value { return secret.New(fmt.Sprint("token-", i)) }
	for i := range 2 {
		if err := r.Register(token(i), now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	wantFault(t, "a third one", r.Register(token(2), now.Add(time.Hour)), fault.TokenRegistryError)
	for i, want := range []bool{true, true, false} {
		if got := r.Known(token(i)); got != want {
			t.Errorf("token %d is known: %v", i, got)
		}
	}
	now = now.Add(48 * time.Hour)
	if err := r.Register(token(2), now.Add(time.Hour)); err != nil {
		t.Errorf("after the others may be forgotten: %v", err)
	}
	if !r.Known(token(2)) || r.Known(token(0)) {
		t.Error("the first was to make room for the third")
	}
}
