// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// Codes beyond the contract.

var addedCases = []codeCase{
	{"PROVIDER_AWAITED", func(e *env) {
		// Somebody has been waiting for some seconds, when others come.
		e.inject(answer(idp.Discovery, idp.Answer{Hang: true}))
		var group sync.WaitGroup
		group.Add(1)
		go func() {
			defer group.Done()
			_, _ = e.CGI(lab.Request{Header: htmlClient})
		}()
		time.Sleep(3 * time.Second)
		e.provoke(ends(e.t, facts("discovery document", "another login has been waiting"), "PROVIDER_AWAITED"), func(e *env, client http.Header) *lab.Response {
			began := time.Now()
			r := start(e, client)
			if took := time.Since(began); took > time.Second {
				e.t.Errorf("it took %s", took)
			}
			if got := r.Header.Get("Retry-After"); got != "10" {
				e.t.Errorf("Retry-After is %q", got)
			}
			return r
		})
		group.Wait()
	}},
	{"SIGN_IN_INSUFFICIENT", func(e *env) {
		// The second try at a provider that asks for nothing more. The first
		// one is in again_test.go.
		e.onlyRoles(noc)
		e.stepUp(false)
		e.provoke(refusal{
			status: 403, lines: []string{"[403] SIGN_IN_INSUFFICIENT"}, spent: true, waiting: -1,
			facts: []string{`role "noc" fits`, "it was the second try"},
		}, e.secondTry())
	}},
	{"PUSHED_REQUEST_FAILED", func(e *env) {
		want := func(list ...string) refusal { return ends(e.t, list, "PUSHED_REQUEST_FAILED") }
		e.set("par", "1")
		e.provoke(want("pushed_authorization_request_endpoint", "option par"), start)
		e.IDP.SetPushing(idp.Pushing{Announced: true})
		e.forget()
		e.set("client_secret", "wrong")
		e.provoke(want("HTTP status 401", "invalid_client", "option client_secret"), start)
		e.set("client_secret", e.IDP.Client.Secret)
		e.set("redirect_uri", "https://elsewhere.example/cgi-bin/luci-sso/callback")
		e.provoke(want("HTTP status 400", "redirect_uri is not registered"), func(e *env, client http.Header) *lab.Response {
			return e.cgi(lab.Request{Query: "moved=1", Header: client})
		})
		e.set("redirect_uri")
		for fact, a := range map[string]idp.Answer{
			"reset the connection": {Reset: true},
			"HTTP status 503":      {Status: 503, Body: []byte("busy")},
			"HTTP status 201":      {Status: 201, Body: []byte(`{"expires_in":60}`)},
		} {
			remove := e.IDP.Inject(answer(idp.Pushed, a))
			e.provoke(want(fact), start)
			remove()
		}
		e.inject(idp.Fault{Metadata: func(d map[string]any) { d["pushed_authorization_request_endpoint"] = "http://id.example.com/par" }})
		e.forget()
		e.provoke(want("http://id.example.com/par", "https://"), start)
	}},
}

// secondTry makes requests that end the second try of a login; the first one
// is done before it is asked for.
func (e *env) secondTry() func(*env, http.Header) *lab.Response {
	var ready []visit
	for range 2 {
		ready = append(ready, e.signInAgain(e.cgi(e.pending("bob").request(htmlClient)), "bob"))
	}
	return func(e *env, client http.Header) *lab.Response {
		next := ready[0]
		ready = ready[1:]
		r := e.cgi(next.request(client))
		if strings.Contains(r.Body, "Sign in again<") {
			e.t.Error("there is a third try")
		}
		return r
	}
}
