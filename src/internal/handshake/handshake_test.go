// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/store"
	"luci-sso/tests/storetest"
)

func options(root string) Options {
	return Options{
		Dir: filepath.Join(root, "run", "handshakes"), KeyFile: filepath.Join(root, "etc", "secret.key"),
		Tolerance: 60 * time.Second,
	}
}

func TestMain(m *testing.M) {
	storetest.Main(m, map[string]func([]string) error{
		// save <root>: one login is started.
		"save": func(args []string) error {
			handle, err := Open(options(args[0])).Save(pending())
			fmt.Print(handle.Reveal())
			return err
		},
		// consume <root> <handle>
		"consume": func(args []string) error {
			return Open(options(args[0])).Consume(secret.New(args[1]))
		},
		// work <root>: starts and finishes logins for ever and tells each step
		// once it is done.
		"work": func(args []string) error {
			opt := options(args[0])
			opt.Capacity = 100000
			s := Open(opt)
			fmt.Println("begin")
			for i := 0; ; i++ {
				handle, err := s.Save(pending())
				if err != nil {
					return err
				}
				fmt.Println("saved", handle.Reveal())
				if i%2 == 0 {
					continue
				}
				if _, err := s.Load(handle); err != nil {
					return err
				}
				if err := s.Consume(handle); err != nil {
					return err
				}
				fmt.Println("consumed", handle.Reveal())
			}
		},
	})
}

func pending() Pending {
	return Pending{
		State: secret.New("state"), Nonce: secret.New("nonce"), Verifier: secret.New("verifier"),
		RedirectURI: "https://router/cgi-bin/luci-sso/callback", ReturnTo: "/cgi-bin/luci/admin/status",
	}
}

// world is a store with a clock of its own.
type world struct {
	*Store
	root string
	now  atomic.Int64 // Unix seconds
}

func newWorld(t testing.TB, change func(*Options)) *world {
	t.Helper()
	w := &world{root: t.TempDir()}
	w.now.Store(1_795_000_000)
	opt := options(w.root)
	opt.Now = func() time.Time { return time.Unix(w.now.Load(), 0) }
	if change != nil {
		change(&opt)
	}
	w.Store = Open(opt)
	return w
}

func (w *world) save(t testing.TB) secret.Value {
	t.Helper()
	handle, err := w.Save(pending())
	if err != nil {
		t.Fatal(err)
	}
	return handle
}

func (w *world) files(t testing.TB) (names []string) {
	t.Helper()
	if err := store.Each(w.opt.Dir, func(name string) { names = append(names, name) }); err != nil {
		t.Fatal(err)
	}
	return names
}

func wantFault(t testing.TB, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	} else if f, _ := fault.As(err); f.Detail == "" {
		t.Errorf("%s: %s without a diagnostic line", what, code)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	handle := w.save(t)
	if handle.Len() != 43 {
		t.Errorf("the handle has %d characters, want 43", handle.Len())
	}
	for i := 0; i < 2; i++ { // Load does not consume.
		p, err := w.Load(handle)
		if err != nil {
			t.Fatal(err)
		}
		want := pending()
		if !p.State.Equal(want.State) || !p.Nonce.Equal(want.Nonce) || !p.Verifier.Equal(want.Verifier) ||
			p.RedirectURI != want.RedirectURI || p.ReturnTo != want.ReturnTo || p.Issued.Unix() != w.now.Load() {
			t.Errorf("Load = %+v", p)
		}
	}
	names := w.files(t)
	if len(names) != 1 || names[0] != fileName(handle.Reveal(), "") {
		t.Errorf("files %v", names)
	}
	data, _ := os.ReadFile(filepath.Join(w.opt.Dir, names[0]))
	for _, hidden := range []string{"state", "nonce", "verifier", "router", handle.Reveal()} {
		if bytes.Contains(data, []byte(hidden)) {
			t.Errorf("the file shows %q", hidden)
		}
	}
	if err := w.Consume(handle); err != nil {
		t.Fatal(err)
	}
	wantFault(t, "second Consume", w.Consume(handle), fault.StateNotFound)
	_, err := w.Load(handle)
	wantFault(t, "Load after Consume", err, fault.StateNotFound)
	for path, mode := range map[string]os.FileMode{w.opt.KeyFile: 0o600, w.opt.Dir: 0o700 | os.ModeDir, filepath.Dir(w.opt.KeyFile): 0o700 | os.ModeDir} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v %v, want %v", path, info.Mode(), err, mode)
		}
	}
}

func TestHandlesThatWereNeverIssued(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	real := w.save(t).Reveal()
	for _, handle := range []string{"", "x", real[:42], real + "A", strings.Repeat("/", 43), "../../../../../../../../../../../etc/passwd.", real[:42] + "\n", real[:42] + "=", strings.Repeat("é", 22)[:43]} {
		_, err := w.Load(secret.New(handle))
		wantFault(t, fmt.Sprintf("Load(%q)", handle), err, fault.MalformedStateCookie)
		wantFault(t, fmt.Sprintf("Consume(%q)", handle), w.Consume(secret.New(handle)), fault.MalformedStateCookie)
	}
	unknown := secret.New(strings.Repeat("A", 43))
	_, err := w.Load(unknown)
	wantFault(t, "Load of an unknown handle", err, fault.StateNotFound)
	empty := newWorld(t, nil)
	_, err = empty.Load(unknown)
	wantFault(t, "Load without a directory", err, fault.StateNotFound)
	if _, err := os.Lstat(empty.opt.KeyFile); err == nil {
		t.Error("Load created a key")
	}
}

func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	handle, other := w.save(t), w.save(t)
	path := filepath.Join(w.opt.Dir, fileName(handle.Reveal(), ""))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	swapped, _ := os.ReadFile(filepath.Join(w.opt.Dir, fileName(other.Reveal(), "")))
	bad := map[string][]byte{
		"empty": {}, "one byte": good[:1], "nonce only": good[:24], "cut by one": good[:len(good)-1],
		"longer by one": append(bytes.Clone(good), 0), "garbage": bytes.Repeat([]byte{0xa5}, 300),
		"huge": make([]byte, maxSealed+1), "another login's": swapped,
	}
	for _, i := range []int{0, 23, 24, len(good) - 1} {
		flipped := bytes.Clone(good)
		flipped[i] ^= 1
		bad[fmt.Sprint("bit flipped at ", i)] = flipped
	}
	for name, data := range bad {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := w.Load(handle)
		wantFault(t, name, err, fault.StateCorrupted)
	}
	_ = os.Remove(path)
	_ = os.Symlink(filepath.Join(w.opt.Dir, fileName(other.Reveal(), "")), path)
	_, err = w.Load(handle)
	wantFault(t, "a link to another login", err, fault.StateCorrupted)
}

func TestTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		move int64
		want fault.Code
	}{
		{"at once", 0, ""},
		{"after 5 minutes", 300, ""},
		{"at the end of the tolerance", 360, ""},
		{"too late", 361, fault.HandshakeExpired},
		{"clock an hour ahead", 3600, fault.HandshakeExpired},
		{"clock set back a little", -60, ""},
		{"clock set back too far", -61, fault.HandshakeNotYetValid},
		{"clock back an hour", -3600, fault.HandshakeNotYetValid},
		{"clock back to 1970", -1_795_000_000, fault.HandshakeNotYetValid},
	} {
		w := newWorld(t, nil)
		handle := w.save(t)
		w.now.Add(test.move)
		_, err := w.Load(handle)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		} else {
			wantFault(t, test.name, err, test.want)
		}
		if _, err := w.Reap(); err != nil {
			t.Error(err)
		}
		w.now.Add(-test.move)
		if _, err := w.Load(handle); test.want == "" && err != nil {
			t.Errorf("%s: Reap removed a live login: %v", test.name, err)
		}
	}
}

func TestCapacityAndClockJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []int64{361 + 2, 3600, -3600, -1_795_000_000} {
		w := newWorld(t, func(o *Options) { o.Capacity = 5 })
		live := []secret.Value{}
		for i := 0; i < 5; i++ {
			live = append(live, w.save(t))
		}
		_, err := w.Save(pending())
		wantFault(t, "one too many", err, fault.HandshakeCapacityExceeded)
		for _, handle := range live {
			if _, err := w.Load(handle); err != nil {
				t.Errorf("a live login was lost to a full store: %v", err)
			}
		}
		w.now.Add(jump)
		for i := 0; i < 5; i++ {
			if _, err := w.Save(pending()); err != nil {
				t.Fatalf("clock moved by %d s: %v; the dead must make room", jump, err)
			}
		}
		if n := len(w.files(t)); n != 5 {
			t.Errorf("clock moved by %d s: %d files, want 5", jump, n)
		}
	}
}

func TestOneClientAmongAFlood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Capacity = 10 })
	from := func(client string) (secret.Value, error) {
		p := pending()
		p.Client = client
		return w.Save(p)
	}
	for i := 0; i < 10; i++ {
		if _, err := from("192.0.2.1/32"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := from("192.0.2.1/32")
	wantFault(t, "the client that filled the store", err, fault.HandshakeCapacityExceeded)
	_, err = w.Save(pending())
	wantFault(t, "a caller that does not tell clients apart", err, fault.HandshakeCapacityExceeded)
	for i := 0; i < clientShare; i++ {
		handle, err := from("192.0.2.2/32")
		if err != nil {
			t.Fatalf("login %d of another client: %v", i, err)
		}
		if _, err := w.Load(handle); err != nil {
			t.Fatal(err)
		}
	}
	handle, err := from("192.0.2.2/32")
	wantFault(t, "another client beyond its share", err, fault.HandshakeCapacityExceeded)
	if !handle.Empty() {
		t.Error("a handle came with the fault")
	}
	admitted := 0
	for i := 0; i < 200; i++ {
		if _, err := from(fmt.Sprint("198.51.100.", i)); err == nil {
			admitted++
		}
	}
	if n := len(w.files(t)); n != 10*crowdFactor || admitted != n-12 {
		t.Errorf("%d files after %d admitted, want never more than %d", n, admitted, 10*crowdFactor)
	}
	for _, name := range w.files(t) {
		if !isName(name) {
			t.Errorf("file %s would not be counted", name)
		}
	}
	w.now.Add(1000)
	if removed, err := w.Reap(); removed != 100 || err != nil {
		t.Errorf("Reap = %d, %v", removed, err)
	}
}

func TestTaggedHandlesRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := pending()
	p.Client = "192.0.2.1/32"
	a, err := w.Save(p)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := w.Save(p)
	if a.Equal(b) {
		t.Error("two logins of one client have one handle")
	}
	if err := w.Consume(a); err != nil {
		t.Error(err)
	}
	wantFault(t, "second Consume", w.Consume(a), fault.StateNotFound)
	if got, err := w.Load(b); err != nil || got.Client != "" {
		t.Error(got.Client, err)
	}
}

func TestReapLeavesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.save(t)
	foreign := filepath.Join(w.opt.Dir, "notes")
	_ = os.WriteFile(foreign, nil, 0o600)
	_ = os.Chtimes(foreign, time.Unix(1, 0), time.Unix(1, 0))
	_ = os.Mkdir(filepath.Join(w.opt.Dir, strings.Repeat("a", 64)), 0o700)
	old := filepath.Join(w.opt.Dir, ".tmp-1-1")
	_ = os.WriteFile(old, nil, 0o600)
	_ = os.Chtimes(old, time.Unix(1, 0), time.Unix(1, 0))
	_ = os.WriteFile(filepath.Join(w.opt.Dir, ".tmp-1-2"), nil, 0o600)
	if removed, err := w.Reap(); removed != 1 || err != nil {
		t.Errorf("Reap = %d, %v; want the old temporary file only", removed, err)
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := pending()
	p.ReturnTo = strings.Repeat("x", MaxField)
	handle, err := w.Save(p)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.Load(handle); err != nil || got.ReturnTo != p.ReturnTo {
		t.Errorf("the longest value did not come back: %v", err)
	}
	p.ReturnTo += "x"
	_, err = w.Save(p)
	wantFault(t, "a value too long", err, fault.StateSaveFailed)
}
