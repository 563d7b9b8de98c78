// SPDX-License-Identifier: Apache-2.0

package login

import (
	"encoding/json"
	"testing"
	"time"

	"luci-sso/internal/oidc"
)

// Of option session_lifetime and the provider's session_expiry the shorter
// one counts, and the latter only while an option sees to such ends.
func TestLongestSession(t *testing.T) {
	ends := func(after string) oidc.Claims {
		claims := oidc.Claims{"iat": json.Number("1000000")}
		if after != "" {
			claims["session_expiry"] = json.Number(after)
		}
		return claims
	}
	for _, c := range []struct {
		what, lifetime, revalidate, expiry string
		want                               time.Duration
		fails                              bool
	}{
		{"nothing is asked for", "0", "0", "1000600", 0, false},
		{"nothing is asked for, and the expiry is none", "0", "0", "soon", 0, false},
		{"the provider's alone", "0", "300", "1000600", 600 * time.Second, false},
		{"the option's alone", "3600", "0", "", 3600 * time.Second, false},
		{"neither", "0", "300", "", 0, false},
		{"the provider's is shorter", "3600", "0", "1000600", 600 * time.Second, false},
		{"the option's is shorter", "300", "0", "1000600", 300 * time.Second, false},
		{"both are the same", "600", "0", "1000600", 600 * time.Second, false},
		{"over already", "3600", "0", "1000000", 0, true},
		{"no number", "3600", "0", "soon", 0, true},
	} {
		flow := Flow{Config: settings(t, nil, "session_lifetime", c.lifetime, "revalidate", c.revalidate)}
		if got, err := flow.longest(ends(c.expiry)); got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %v, %v", c.what, got, err)
		}
	}
}
