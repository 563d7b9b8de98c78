// SPDX-License-Identifier: Apache-2.0

package ending

import (
	"context"

	"luci-sso/internal/oidc"
	"luci-sso/internal/session"
)

// SignedOut ends the sessions of a provider's people that its logout token names
// (Back-Channel Logout 1.0 §2.7), those that are being made included.
func SignedOut(ctx context.Context, m *session.Manager, provider, issuer string, out oidc.SignedOut) ([]session.Record, error) {
	return m.EndWhere(ctx, func(r session.Record) bool {
		if r.Provider != provider || r.Issuer != issuer || out.Subject != "" && r.Subject != out.Subject {
			return false
		}
		// Of a session that was made without the provider's name for it, the
		// subject has to be enough.
		return out.SessionID == "" || r.SID == out.SessionID || r.SID == "" && out.Subject != ""
	})
}
