// SPDX-License-Identifier: Apache-2.0

package app

import (
	"net/url"
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
// page once more, now from the router's own site. Its value is the page that
// was decided on: another site that opens a page of its choice at the right
// moment finds no mark for it. It says nothing secret.
const (
	landingCookieName = "luci_sso_landing"
	landingTime       = 30 // seconds
)

// The cookies of a trial. The page puts its ticket into the first, so that no
// link can begin one; the second is the browser's while it is away.
const (
	ticketCookieName = "__Host-luci_sso_ticket"
	tryCookieName    = "__Host-luci_sso_try"
)

// stayCookieName tells the login page that somebody has just logged out, and
// that it must not go to a provider by itself, which would let them in again.
// It exists only where option auto_login is on.
const (
	stayCookieName = "luci_sso_stay"
	stayTime       = 3600 // seconds
)

// stay is that cookie.
func stay() cgi.Cookie {
	return cgi.Cookie{Name: stayCookieName, Value: "1", Path: "/cgi-bin/luci", SameSite: cgi.Lax, MaxAge: stayTime, Script: true}
}

// sessionCookieNames are the ones LuCI reads, the preferred one first.
var sessionCookieNames = [...]string{"sysauth_https", "sysauth"}

// sessionCookiePaths are where a session's cookies may be: the two where LuCI
// itself sets them, and the values of option session_cookie_path. The longer
// path is sent first, so that an old one of these would hide ours.
var sessionCookiePaths = [...]string{"/cgi-bin/luci/", "/cgi-bin/luci", "/cgi-bin", "/"}

// stateCookie carries the pending logins; an empty handle ends the cookie.
func stateCookie(handle secret.Value) cgi.Cookie {
	return cgi.Cookie{
		Name: stateCookieName, Value: handle.Reveal(), Path: "/", SameSite: cgi.Lax,
		MaxAge: int(handshake.DefaultLifetime.Seconds()), Expire: handle.Empty(),
	}
}

// signIn are the cookies of a session, on a path, for a browser that goes to a
// page. Every other session's cookies go.
func signIn(id secret.Value, path, page string) []cgi.Cookie {
	return append(sessionCookies(id, path), cgi.Cookie{
		Name: landingCookieName, Value: url.QueryEscape(page), Path: "/cgi-bin/luci", SameSite: cgi.Lax, MaxAge: landingTime, Script: true,
	})
}

// signOut ends the cookies of a session, wherever they are.
func signOut() []cgi.Cookie { return sessionCookies(secret.Value{}, "") }

func sessionCookies(id secret.Value, at string) []cgi.Cookie {
	var cookies []cgi.Cookie
	for _, name := range sessionCookieNames {
		for _, path := range sessionCookiePaths {
			c := cgi.Cookie{Name: name, Path: path, SameSite: cgi.Strict}
			if path == at {
				c.Value = id.Reveal()
			} else {
				c.Expire = true
			}
			cookies = append(cookies, c)
		}
	}
	return cookies
}

// maxPage bounds the page: it is in a cookie for some seconds, three bytes for
// one at worst, and uhttpd takes 4096 bytes of cookies.
const maxPage = 512

// localPage returns the page if it is one of LuCI's on this router, else "".
// It is the one decision where a browser may be sent after a login.
func localPage(page string) string {
	const root = "/cgi-bin/luci"
	rest, ok := strings.CutPrefix(page, root)
	if !ok || len(page) > maxPage || rest != "" && rest[0] != '/' && rest[0] != '?' {
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
	// What a browser or LuCI would read as another path than is written: LuCI's
	// older form of addresses has ";stok=…" before the path, too.
	if strings.ContainsAny(path, "%;") || strings.Contains(path, "//") || strings.Contains(path+"/", "/./") || strings.Contains(path, "..") || strings.Contains(page, "#") {
		return ""
	}
	return page
}
