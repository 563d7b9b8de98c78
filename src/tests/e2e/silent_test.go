// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"sync"
	"testing"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// TestSilentProvider: of many logins one waits for a provider that says
// nothing; the web server's other places stay free.
func TestSilentProvider(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	remove := e.IDP.Inject(answer(idp.Discovery, idp.Answer{Hang: true}))
	type seen struct {
		*lab.Response
		took time.Duration
	}
	const n = 6
	results := make([]seen, n)
	var group sync.WaitGroup
	mark := e.Mark()
	for i := range n {
		group.Add(1)
		go func() {
			defer group.Done()
			began := time.Now()
			r, err := e.CGI(lab.Request{Header: plainClient})
			if err != nil {
				t.Error(err)
				return
			}
			results[i] = seen{r, time.Since(began)}
		}()
	}
	group.Wait()
	waited := 0
	for _, r := range results {
		log := strings.Join(e.logOf(r.Response, mark), "\n")
		switch {
		case r.Status == 500 && strings.Contains(log, "[500] DISCOVERY_NETWORK_ERROR"):
			waited++
		case r.Status != 503 || !strings.Contains(log, "[503] PROVIDER_AWAITED") || r.Header.Get("Retry-After") == "" || r.took > 5*time.Second:
			t.Errorf("after %s: %s\n%s", r.took, r.Raw, log)
		}
	}
	if asked := e.IDP.Count(idp.Discovery); waited != 1 || asked != 1 {
		t.Errorf("%d of %d logins waited to the end, the provider was asked %d times; expected 1 and 1", waited, n, asked)
	}
	// The failure is remembered for some seconds, with the codes it had.
	mark = e.Mark()
	began := time.Now()
	r := start(e, plainClient)
	log := strings.Join(e.logOf(r, mark), "\n")
	if r.Status != 500 || !strings.Contains(log, "no answer within the time limit") || !strings.Contains(log, "[500] DISCOVERY_NETWORK_ERROR\n[500] OIDC_DISCOVERY_FAILED") || time.Since(began) > 2*time.Second {
		t.Errorf("right after that, in %s: %s\n%s", time.Since(began), r.Raw, log)
	}
	if asked := e.IDP.Count(idp.Discovery); asked != 1 {
		t.Errorf("the provider was asked %d times", asked)
	}
	// Whoever tries again a little later gets in.
	remove()
	time.Sleep(9 * time.Second)
	e.signsIn("a little later")
}

// TestSilentProviderKept: what is kept serves at once while one asks, and
// while the failure is remembered.
func TestSilentProviderKept(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.signsIn("before")
	e.ageKept(25 * time.Hour)
	e.inject(answer(idp.Discovery, idp.Answer{Hang: true}))
	asked := e.IDP.Count(idp.Discovery)
	var group sync.WaitGroup
	slow := make([]time.Duration, 4)
	for i := range slow {
		group.Add(1)
		go func() {
			defer group.Done()
			began := time.Now()
			if r, err := e.CGI(lab.Request{Header: plainClient}); err != nil || r.Status != 302 {
				t.Errorf("%v, %+v", err, r)
			}
			slow[i] = time.Since(began)
		}()
	}
	group.Wait()
	waited := 0
	for _, took := range slow {
		if took > 2*time.Second {
			waited++
		}
	}
	if waited != 1 || e.IDP.Count(idp.Discovery) != asked+1 {
		t.Errorf("%d of %d logins waited (%v), the provider was asked %d times", waited, len(slow), slow, e.IDP.Count(idp.Discovery)-asked)
	}
	began := time.Now()
	if r := start(e, plainClient); r.Status != 302 || time.Since(began) > 2*time.Second || e.IDP.Count(idp.Discovery) != asked+1 {
		t.Errorf("after that, in %s: %s", time.Since(began), r.Raw)
	}
}

// TestSlowProvider: nobody is turned away by a provider that takes a second,
// and a failure that comes at once is not remembered.
func TestSlowProvider(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	remove := e.IDP.Inject(answer(idp.Discovery, idp.Answer{Delay: 700 * time.Millisecond}))
	var group sync.WaitGroup
	for range 5 {
		group.Add(1)
		go func() {
			defer group.Done()
			if r, err := e.CGI(lab.Request{Header: plainClient}); err != nil || r.Status != 302 {
				t.Errorf("%v, %+v", err, r)
			}
		}()
	}
	group.Wait()
	if n := e.IDP.Count(idp.Discovery); n != 1 {
		t.Errorf("five logins fetched the document %d times", n)
	}
	remove()
	e.forget()
	remove = e.IDP.Inject(answer(idp.Discovery, idp.Answer{Reset: true}))
	if r := start(e, plainClient); r.Status != 500 {
		t.Errorf("%s", r.Raw)
	}
	remove()
	e.signsIn("right after a failure that came at once")
}

// TestSilentKeys: the same for the keys; who has signed in already is waited
// for a little longer.
func TestSilentKeys(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	visits := []visit{e.pending("alice"), e.pending("alice"), e.pending("alice")}
	e.inject(answer(idp.JWKS, idp.Answer{Hang: true}))
	statuses := make([]int, len(visits))
	var group sync.WaitGroup
	for i, v := range visits {
		group.Add(1)
		go func() {
			defer group.Done()
			if r, err := e.CGI(v.request(plainClient)); err == nil {
				statuses[i] = r.Status
			}
		}()
	}
	group.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if count[500] != 1 || count[503] != 2 || e.IDP.Count(idp.JWKS) != 1 {
		t.Errorf("statuses %v, the keys were asked for %d times", statuses, e.IDP.Count(idp.JWKS))
	}
}
