// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/random"
	"luci-sso/internal/secret"
)

func TestRememberTheLastLogins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var cookie secret.Value
	var handles []secret.Value
	for range MaxHandles + 2 {
		handle := w.save(t)
		handles = append(handles, handle)
		cookie = w.Remember(handle, cookie)
	}
	got := Handles(cookie)
	if len(got) != MaxHandles {
		t.Fatalf("the cookie has %d logins, want the last %d", len(got), MaxHandles)
	}
	for i, handle := range got {
		if want := handles[len(handles)-1-i]; handle != want {
			t.Errorf("place %d of the cookie is not the login started %d before the last", i, i)
		}
	}
	if err := w.Consume(got[1]); err != nil {
		t.Fatal(err)
	}
	rest := Handles(w.Remember(secret.Value{}, cookie))
	if len(rest) != 2 || rest[0] != got[0] || rest[1] != got[2] {
		t.Error("when one is over, the cookie does not hold the two others")
	}
	w.now.Add(int64((DefaultLifetime+w.opt.Tolerance)/time.Second) + 1)
	if !w.Remember(secret.Value{}, cookie).Empty() {
		t.Error("logins that have expired stay in the cookie")
	}
}

// A cookie of another shape is one that was changed on the way, as ever.
func TestHandlesOfOddCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, n := range []int{0, 1, random.TokenLen - 1, random.TokenLen + 1, 2*random.TokenLen + 1, (MaxHandles + 1) * random.TokenLen, 16000} {
		handles := Handles(secret.New(strings.Repeat("A", n)))
		if len(handles) != 1 {
			t.Fatalf("%d characters are %d handles", n, len(handles))
		}
		if _, err := w.Load(handles[0]); !fault.Is(err, fault.MalformedStateCookie) {
			t.Errorf("%d characters: %v", n, err)
		}
	}
}

// A flood that another site's page makes does not take the places of logins
// that the router's own page starts; forged ones have a bound.
func TestPlacesForTheOwnPage(t *testing.T) {
	t.Parallel()
	for _, client := range []string{"", "192.0.2.1"} {
		w := newWorld(t, func(o *Options) { o.Capacity = 10 })
		start := func(own bool, n int) (got int) {
			for range n {
				p := pending()
				p.Client, p.Own = client, own
				_, err := w.Save(p)
				if err == nil {
					got++
				} else if !fault.Is(err, fault.HandshakeCapacityExceeded) {
					t.Fatal(err)
				}
			}
			return got
		}
		if got := start(false, 50); got != 10 {
			t.Errorf("client %q: %d of a flood are kept, want 10", client, got)
		}
		if got := start(true, 1); got != 1 {
			t.Errorf("client %q: the router's own page is kept out", client)
		}
		most := 10 + ownReserve
		if client != "" {
			most = 10*crowdFactor + ownReserve
		}
		if got := 11 + start(true, 500); got != most {
			t.Errorf("client %q: forged ones fill up to %d places, want %d", client, got, most)
		}
	}
}
