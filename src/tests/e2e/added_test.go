// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
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
}
