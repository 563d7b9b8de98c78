// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"strings"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/lab/idp"
)

// TestWhatALoginShowed: nobody is warned for ever of what a provider does not
// announce and sends all the same.
func TestWhatALoginShowed(t *testing.T) {
	t.Parallel()
	l := start(t)
	l.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { d["claims_supported"] = []any{"sub", "at_hash"} }})
	status := func() string {
		t.Helper()
		_, checks := connection(t, l, nil)
		return checks["email"].Status + " " + checks["groups"].Status
	}
	if got := status(); got != doctor.Warn+" "+doctor.Warn {
		t.Errorf("before a login e-mail and groups are %s", got)
	}
	// Dave has no role here: what he brings shows as much.
	if _, err := l.Login("dave"); err == nil {
		t.Fatal("dave was let in")
	}
	if got := status(); got != doctor.Pass+" "+doctor.Pass {
		t.Errorf("after a login that brought both they are %s", got)
	}
	// Another claim is another matter.
	must(t, l.SetUCI("groups_claim", "teams"))
	if got := status(); !strings.HasSuffix(got, doctor.Warn) {
		t.Errorf("with another claim they are %s", got)
	}
	// What one person brought is not forgotten over another one.
	must(t, l.SetUCI("groups_claim"))
	_, _ = l.Login("erin")
	if got := status(); got != doctor.Pass+" "+doctor.Pass {
		t.Errorf("after a login without groups they are %s", got)
	}
}
