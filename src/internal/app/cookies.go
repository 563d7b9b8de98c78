// SPDX-License-Identifier: Apache-2.0

package app

import (
	"strings"

	"luci-sso/internal/cgi"
	"luci-sso/internal/handshake"
	"luci-sso/internal/secret"
)

// stateCookieName: the prefix makes browsers accept it only over TLS, for
// this host and for the whole of it.
const stateCookieName = "__Host-luci_sso_state"

// landingCookieName marks a browser that comes from the callback, because the
// provider's site started that navigation and so the Strict session cookie
// does not go with it. The login page's script sees the mark and loads the
// page once more, now from the router's own site. It says nothing secret.
const (
	landingCookieName = "luci_sso_landing"
	landingTime       = 30 // seconds
)

// sessionCookieNames are the ones LuCI reads, the preferred one first.
var sessionCookieNames = [...]string{"sysauth_https", "sysauth"}

// luciCookiePaths are where LuCI itself sets its cookies. The longer path is
// sent first, so that an old one of these would hide ours.
var luciCookiePaths = [...]string{"/cgi-bin/luci/", "/cgi-bin/luci"}

// stateCookie carries the pending login; an empty handle ends the cookie.
func stateCookie(handle secret.Value) cgi.Cookie {
	return cgi.Cookie{
		Name: stateCookieName, Value: handle.Reveal(), Path: "/", SameSite: cgi.Lax,
		MaxAge: int(handshake.DefaultLifetime.Seconds()), Expire: handle.Empty(),
	}
}

// sessionCookies sign the browser in to LuCI, or out when id is empty. Either
// way LuCI's own cookies go.
func sessionCookies(id secret.Value) []cgi.Cookie {
	var cookies []cgi.Cookie
	for _, name := range sessionCookieNames {
		for _, path := range luciCookiePaths {
			cookies = append(cookies, cgi.Cookie{Name: name, Path: path, SameSite: cgi.Strict, Expire: true})
		}
		cookies = append(cookies, cgi.Cookie{Name: name, Value: id.Reveal(), Path: "/", SameSite: cgi.Strict, Expire: id.Empty()})
	}
	if !id.Empty() {
		cookies = append(cookies, cgi.Cookie{
			Name: landingCookieName, Value: "1", Path: "/cgi-bin/luci", SameSite: cgi.Lax, MaxAge: landingTime, Script: true,
		})
	}
	return cookies
}

// localPage returns the page if it is one of LuCI's on this router, else "".
// It is the one decision where a browser may be sent after a login.
func localPage(page string) string {
	const root = "/cgi-bin/luci"
	rest, ok := strings.CutPrefix(page, root)
	if !ok || len(page) > 1024 || rest != "" && rest[0] != '/' && rest[0] != '?' {
		return ""
	}
	for i := 0; i < len(page); i++ {
		if c := page[i]; c <= 0x20 || c >= 0x7f || c == '\\' {
			return ""
		}
	}
	path, _, _ := strings.Cut(page, "?")
	if strings.HasPrefix(path, root+"/admin/logout") {
		return ""
	}
	if strings.Contains(path, "//") || strings.Contains(path, "..") || strings.Contains(path, "%") || strings.Contains(page, "#") {
		return ""
	}
	return page
}
