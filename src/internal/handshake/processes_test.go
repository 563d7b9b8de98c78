// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/ratelimit"
	"luci-sso/internal/secret"
	"luci-sso/tests/storetest"
)

func TestFiftyProcessesOnAnEmptyDisk(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := Open(options(root))
	for i, r := range storetest.Together(t, 50, "save", root) {
		if !r.OK {
			t.Errorf("process %d: %s", i, r.Line)
			continue
		}
		// Each must be readable with the one key that remained.
		if _, err := s.Load(secret.New(r.Line)); err != nil {
			t.Errorf("login of process %d: %v; two processes made a key each", i, err)
		}
	}
}

func TestCapacityIsExactAmongFiftyProcesses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := Open(options(root))
	for i := 0; i < DefaultCapacity-20; i++ {
		if _, err := s.Save(pending()); err != nil {
			t.Fatal(err)
		}
	}
	saved := 0
	for _, r := range storetest.Together(t, 50, "save", root) {
		switch {
		case r.OK:
			saved++
		case !strings.Contains(r.Line, string(fault.HandshakeCapacityExceeded)):
			t.Error(r.Line)
		}
	}
	if saved != 20 {
		t.Errorf("%d of 50 processes got one of the last 20 places", saved)
	}
}

func TestOneOfFiftyProcessesConsumes(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, client := range []string{"", "192.0.2.1/32"} {
		p := pending()
		p.Client = client
		handle, err := Open(options(root)).Save(p)
		if err != nil {
			t.Fatal(err)
		}
		storetest.OneWins(t, 50, string(fault.StateNotFound), "consume", root, handle.Reveal())
	}
}

func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	rounds := 150
	if testing.Short() {
		rounds = 25
	}
	root := t.TempDir()
	opt := options(root)
	saved, consumed := 0, 0
	check := func(out string) {
		open := map[string]bool{}
		last := ""
		for _, line := range strings.Split(out, "\n") {
			word, handle, _ := strings.Cut(line, " ")
			if len(handle) != 43 {
				continue // Cut off by the kill.
			}
			open[handle] = word == "saved"
			last = handle
		}
		for handle, isOpen := range open {
			_, err := Open(opt).Load(secret.New(handle))
			switch {
			case isOpen && err == nil:
				saved++
			case isOpen && handle == last && fault.Is(err, fault.StateNotFound):
				// Killed between consuming it and saying so.
			case !isOpen && fault.Is(err, fault.StateNotFound):
				consumed++
			default:
				t.Errorf("login saved (%v): %v; a kill damaged or revived it", isOpen, err)
			}
		}
	}
	// The first kills hit the making of the key.
	for i := 0; i < rounds/5; i++ {
		_ = os.RemoveAll(root + "/etc")
		_ = os.RemoveAll(root + "/run")
		storetest.KillAtRandom(t, 1, 3*time.Millisecond, check, "work", root)
	}
	storetest.KillAtRandom(t, rounds, 15*time.Millisecond, check, "work", root)
	if saved == 0 || consumed == 0 {
		t.Errorf("%d saved and %d consumed logins were seen: the processes were killed too early to prove anything", saved, consumed)
	}
	t.Logf("%d kills; %d logins survived, %d stayed consumed", rounds+rounds/5, saved, consumed)

	start := time.Now()
	opt.Capacity = 1 << 20
	handle, err := Open(opt).Save(pending())
	if err != nil || time.Since(start) > 2*time.Second {
		t.Fatalf("next login: %v after %v", err, time.Since(start))
	}
	if err := Open(opt).Consume(handle); err != nil {
		t.Error(err)
	}
	key, err := os.ReadFile(opt.KeyFile)
	if err != nil || len(key) != 32 {
		t.Errorf("key: %d bytes, %v", len(key), err)
	}
}

// The request count and the pending logins together, in a flood that goes on
// for longer than a pending login lives.
func TestTenPeopleGetInDuringAFlood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	limit := ratelimit.Open(filepath.Join(w.root, "run", "ratelimit"), ratelimit.Options{
		Limit: 50, Window: time.Minute, PerClient: 10, Now: w.opt.Now,
	})
	start := func(address string) (secret.Value, error) {
		if d, err := limit.Admit(address, nil); err != nil || d.Diagnostic != "" {
			return secret.Value{}, fmt.Errorf("%v %s", err, d.Diagnostic)
		}
		p := pending()
		p.Client = ratelimit.Client(address)
		return w.Save(p)
	}
	admitted, most := 0, 0
	const starts = 1500
	for i := 0; i < starts; i++ {
		if i%3 == 0 {
			w.now.Add(1) // 500 s in all.
		}
		n := i * 7919 % 300
		if _, err := start(fmt.Sprintf("198.51.%d.%d", n/250, n%250)); err == nil {
			admitted++
		}
		if i%150 != 149 {
			continue
		}
		most = max(most, len(w.files(t)))
		person := fmt.Sprint("192.0.2.", i/150)
		handle, err := start(person)
		if err != nil {
			t.Errorf("start of person %s: %v", person, err)
			continue
		}
		if _, err := limit.Admit(person, nil); err != nil {
			t.Errorf("callback of person %s: %v", person, err)
		}
		if _, err := w.Load(handle); err != nil {
			t.Errorf("person %s: %v", person, err)
		}
		if err := w.Consume(handle); err != nil {
			t.Errorf("person %s: %v", person, err)
		}
	}
	t.Logf("%d of %d starts were admitted, at most %d files lay there, ten people got in", admitted, starts, most)
	if most > crowdFactor*DefaultCapacity {
		t.Errorf("%d files, want at most %d", most, crowdFactor*DefaultCapacity)
	}
}

func BenchmarkSave(b *testing.B) {
	for _, pendingLogins := range []int{0, 10, DefaultCapacity - 1} {
		b.Run(fmt.Sprint(pendingLogins, " pending"), func(b *testing.B) {
			w := newWorld(b, nil)
			for i := 0; i < pendingLogins; i++ {
				w.save(b)
			}
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				if err := w.Consume(w.save(b)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
