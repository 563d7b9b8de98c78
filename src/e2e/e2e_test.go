// SPDX-License-Identifier: Apache-2.0

// Package e2e speaks to the compiled CGI program from outside: through the
// lab's router, real TLS, and a provider that misbehaves on demand.
package e2e

import (
	"net/url"
	"testing"
)

// queryOf is the raw query of an address.
func queryOf(t *testing.T, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.RawQuery
}
