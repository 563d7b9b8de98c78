// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"luci-sso/lab"
)

// crowd starts n logins of the same person at once, up to the provider's
// answer, and returns each browser with the callback it has yet to visit.
func crowd(t *testing.T, l *lab.Lab, n int) ([]*lab.Browser, []string) {
	t.Helper()
	browsers, callbacks := make([]*lab.Browser, n), make([]string, n)
	atOnce(n, func(i int) {
		browsers[i] = l.Browser()
		authorize, err := browsers[i].Begin()
		if err == nil {
			callbacks[i], err = browsers[i].SignIn(authorize, "alice")
		}
		if err != nil {
			t.Errorf("login %d of %d did not come to its callback: %v", i+1, n, err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return browsers, callbacks
}

func atOnce(n int, f func(i int)) {
	var group sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		group.Add(1)
		go func() {
			defer group.Done()
			<-gate
			f(i)
		}()
	}
	close(gate)
	group.Wait()
}

func busyLab(t *testing.T) *lab.Lab {
	t.Helper()
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if err := l.SetUCI("rate_limit", "100000"); err != nil {
		t.Fatal(err)
	}
	return l
}

// 100 browsers come back at the same moment: each gets a session of its own.
func TestHundredCallbacksAtOnce(t *testing.T) {
	t.Parallel()
	l := busyLab(t)
	const n = 100
	browsers, callbacks := crowd(t, l, n)
	ids := make([]string, n)
	atOnce(n, func(i int) {
		page, err := browsers[i].Get(callbacks[i])
		if err != nil || page.Status != http.StatusFound {
			t.Errorf("callback %d: %v, %+v", i+1, err, page)
			return
		}
		ids[i] = browsers[i].Cookie(lab.LuCI, "sysauth_https")
	})
	for i, id := range ids {
		if session, ok, err := l.Session(id); err != nil || !ok || session.Role != "admin" {
			t.Errorf("callback %d gave session %+v, %t, %v", i+1, session, ok, err)
		}
	}
	distinct := map[string]bool{}
	for _, id := range ids {
		distinct[id] = true
	}
	if len(distinct) != n {
		t.Errorf("%d callbacks gave %d distinct sessions: states were lost or shared", n, len(distinct))
	}
}

// One callback is sent 20 times at the same moment: one request wins.
func TestOneCallbackTwentyTimesAtOnce(t *testing.T) {
	t.Parallel()
	l := busyLab(t)
	browsers, callbacks := crowd(t, l, 1)
	mark := l.Mark()
	// The cookie jar would drop the cookie with the first answer.
	cookie := lab.HandshakeCookie + "=" + browsers[0].Cookie("/", lab.HandshakeCookie)
	callback, err := url.Parse(callbacks[0])
	if err != nil {
		t.Fatal(err)
	}
	const n = 20
	status := make([]int, n)
	atOnce(n, func(i int) {
		response, err := l.CGI(lab.Request{Path: "/callback", Query: callback.RawQuery, Cookie: cookie})
		if err != nil {
			t.Error(err)
			return
		}
		status[i] = response.Status
	})
	count := map[int]int{}
	for _, s := range status {
		count[s]++
	}
	if count[302] != 1 || count[401] != n-1 {
		t.Errorf("statuses %v, want one 302 and %d times 401 (STATE_NOT_FOUND); the log says\n%q", count, n-1, l.Log(mark))
	}
	sessions, err := l.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	if len(sessions) != 1 {
		t.Errorf("%d sessions exist, want exactly one", len(sessions))
	}
}
