// SPDX-License-Identifier: Apache-2.0

package app

import (
	"luci-sso/internal/cgi"
	"luci-sso/internal/clientkey"
	"luci-sso/internal/config"
	"luci-sso/internal/paths"
)

// servesKeys reports whether this router's public keys are to be had here.
// They are before single sign-on is enabled, or set up: the provider comes first.
func servesKeys() bool { return config.ServesKeys(paths.Config()) }

// keys answers with the public keys by which a provider may know this router.
func (r *request) keys() (cgi.Response, error) {
	set, err := clientkey.JWKS()
	return cgi.Response{ContentType: "application/json", Body: set}, err
}
