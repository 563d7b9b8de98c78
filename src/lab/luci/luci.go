// SPDX-License-Identifier: Apache-2.0

// Package luci stands in for the part of LuCI that a login touches: the login
// page, how a session is recognised, the password login, logging out, and one
// page that shows who is signed in. It talks to the session object over ubus
// like the original and decides nothing itself. Pages of packages are shown as
// LuCI does, on a stand-in for its JavaScript (package router has it).
package luci

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"sort"
	"strings"
	"time"

	ubus "github.com/openwrt/ubus-go"
)

// Base is LuCI's address.
const Base = "/cgi-bin/luci"

// Handler serves everything below Base.
type Handler struct {
	Socket string // The ubus socket.
	Root   string // The router's root directory.
	// Timeout is the lifetime of sessions in seconds, read at each login
	// (luci.sauth.sessiontime).
	Timeout func() int
	// AnyProvider reports whether an option is on for an enabled provider: only
	// with one that is enabled does Log out lead there.
	AnyProvider func(option string) bool
	// Log gets LuCI's own lines for the system log. May be nil.
	Log func(warning bool, text string)
	// CookiePath is the path of the session cookie of a password login:
	// "/cgi-bin/luci/" when empty; older releases leave the slash out.
	CookiePath string
}

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("").Parse(pageHTML))

// session is what LuCI knows of a session it accepts.
type session struct {
	id     string
	values ubus.Table
	access ubus.Table
}

func (s *session) text(name string) string {
	value, _ := s.values[name].(string)
	return value
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := "/" + strings.Trim(strings.TrimPrefix(r.URL.Path, Base), "/")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	current := h.authenticated(r)
	if current == nil {
		h.login(w, r)
		return
	}
	switch path {
	case "/admin/logout":
		h.logout(w, r, current)
	default:
		if found, ok := h.find(current, strings.Trim(path, "/")); ok {
			h.view(w, r, current, found)
			return
		}
		h.show(w, r, current)
	}
}

// authenticated is LuCI's test of a session: one of the cookies names a
// session whose token is a string.
func (h *Handler) authenticated(r *http.Request) *session {
	for _, name := range []string{"sysauth_https", "sysauth_http", "sysauth"} {
		// Of two cookies with one name the first counts, which is the one
		// with the longer path.
		cookie, err := r.Cookie(name)
		if err != nil || cookie.Value == "" {
			continue
		}
		if s := h.retrieve(r.Context(), cookie.Value); s != nil {
			return s
		}
	}
	return nil
}

func (h *Handler) retrieve(ctx context.Context, id string) *session {
	got, err := h.call(ctx, "get", ubus.Table{"ubus_rpc_session": id})
	if err != nil {
		return nil
	}
	values, _ := got["values"].(ubus.Table)
	if _, ok := values["token"].(string); !ok {
		return nil
	}
	access, _ := h.call(ctx, "access", ubus.Table{"ubus_rpc_session": id})
	return &session{id: id, values: values, access: access}
}

func (h *Handler) call(ctx context.Context, method string, args ubus.Table) (ubus.Table, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := ubus.Dial(ctx, h.Socket)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.Call(ctx, "session", method, args)
}

// login shows the form, or takes it.
func (h *Handler) login(w http.ResponseWriter, r *http.Request) {
	var user string
	if r.Method == http.MethodPost && r.ParseForm() == nil {
		user = r.PostForm.Get("luci_username")
		if h.passwordLogin(w, r, user, r.PostForm.Get("luci_password")) {
			return
		}
	}
	w.Header().Set("X-LuCI-Login-Required", "yes")
	h.render(w, http.StatusForbidden, "login", map[string]any{"Failed": r.Method == http.MethodPost, "User": "root"})
}

func (h *Handler) passwordLogin(w http.ResponseWriter, r *http.Request, user, password string) bool {
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	where := strings.Trim(strings.TrimPrefix(r.URL.Path, Base), "/")
	reply, err := h.call(r.Context(), "login", ubus.Table{"username": user, "password": password, "timeout": int32(h.Timeout())})
	id, _ := reply["ubus_rpc_session"].(string)
	if err == nil && id != "" {
		_, err = h.call(r.Context(), "set", ubus.Table{"ubus_rpc_session": id, "values": ubus.Table{"token": token()}})
	}
	if err != nil || id == "" {
		h.log(true, fmt.Sprintf("luci: failed login on /%s for %s from %s", where, orUnknown(user), from))
		return false
	}
	h.log(false, fmt.Sprintf("luci: accepted login on /%s for %s from %s", where, orUnknown(user), from))
	name, secure := "sysauth_http", ""
	if r.TLS != nil {
		name, secure = "sysauth_https", "; secure"
	}
	w.Header().Add("Set-Cookie", name+"="+id+"; path="+h.cookiePath()+"; SameSite=strict; HttpOnly"+secure)
	redirect(w, Base+"/"+where)
	return true
}

// logout is LuCI's own, unless the session came from single sign-on: then it
// ends where it began.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request, s *session) {
	if r.TLS != nil && strings.HasPrefix(s.text("username"), "sso:") && h.AnyProvider("enabled") {
		redirect(w, "/cgi-bin/luci-sso/logout?stoken="+s.text("token"))
		return
	}
	_, _ = h.call(r.Context(), "destroy", ubus.Table{"ubus_rpc_session": s.id})
	name := "sysauth_http"
	if r.TLS != nil {
		name = "sysauth_https"
	}
	w.Header().Add("Set-Cookie", name+"=; expires=Thu, 01 Jan 1970 01:00:00 GMT; path="+h.cookiePath())
	if h.AnyProvider("auto_login") {
		redirect(w, Base+"/?password=logout")
		return
	}
	redirect(w, Base+"/")
}

type scope struct {
	Name    string
	Objects []object
}

type object struct{ Name, Functions string }

func (h *Handler) show(w http.ResponseWriter, r *http.Request, s *session) {
	user := s.text("username")
	data := map[string]any{
		"User": user, "SSO": strings.HasPrefix(user, "sso:"), "Path": r.URL.Path,
		"Role": s.text("luci_sso_role"), "Name": s.text("luci_sso_name"),
		"Subject": s.text("luci_sso_sub"), "Issuer": s.text("luci_sso_issuer"),
		"Logout": Base + "/admin/logout", "Scopes": scopes(s.access), "Menu": h.menu(s),
	}
	h.render(w, http.StatusOK, "overview", data)
}

// scopes turns the reply of session.access into something to read.
func scopes(access ubus.Table) []scope {
	var all []scope
	for name, value := range access {
		objects, _ := value.(ubus.Table)
		one := scope{Name: name}
		for path, value := range objects {
			functions, _ := value.([]any)
			var names []string
			for _, function := range functions {
				names = append(names, fmt.Sprint(function))
			}
			one.Objects = append(one.Objects, object{path, strings.Join(names, ", ")})
		}
		sort.Slice(one.Objects, func(i, j int) bool { return one.Objects[i].Name < one.Objects[j].Name })
		all = append(all, one)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

func (h *Handler) render(w http.ResponseWriter, status int, name string, data map[string]any) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	_ = page.ExecuteTemplate(w, name, data)
}

func (h *Handler) cookiePath() string {
	if h.CookiePath == "" {
		return Base + "/"
	}
	return h.CookiePath
}

func (h *Handler) log(warning bool, text string) {
	if h.Log != nil {
		h.Log(warning, text)
	}
}

// redirect is LuCI's: 302, and no body worth reading.
func redirect(w http.ResponseWriter, target string) {
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusFound)
}

func token() string {
	var data [16]byte
	if _, err := rand.Read(data[:]); err != nil {
		panic(err) // The lab cannot run without randomness.
	}
	return hex.EncodeToString(data[:])
}

func orUnknown(user string) string {
	if user == "" {
		return "?"
	}
	return user
}
