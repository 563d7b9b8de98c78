// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/lab"
)

// Codes of the router itself: ubus, disk, certificates, randomness, limits.

var ubusCases = []codeCase{
	{"UBUS_LOGIN_FAILED", func(e *env) {
		for _, status := range []ubus.Status{ubus.PermissionDenied, ubus.InvalidArgument, ubus.UnknownError} {
			e.Router.Broker.Refuse("session", "create", status)
			e.refused(ends(e.t, facts("session create"), "UBUS_LOGIN_FAILED").andToken())
		}
	}},
	{"UBUS_CONNECT_FAILED", func(e *env) {
		e.must(e.Router.Broker.Close())
		e.refused(ends(e.t, facts("ubus.sock", "is ubusd running"), "UBUS_CONNECT_FAILED").andToken())
		// A socket that nobody listens on any more.
		e.must(os.WriteFile(e.Router.UbusSocket(), nil, 0o600))
		e.refused(ends(e.t, facts("ubus.sock"), "UBUS_CONNECT_FAILED").andToken())
	}},
	{"UBUS_ERROR", func(e *env) {
		e.Router.Broker.SetFault("session", "create", ubusd.Fault{Drop: true})
		e.refused(ends(e.t, facts("session create", "is rpcd running"), "UBUS_ERROR").andToken())
		e.Router.Broker.SetFault("session", "create", ubusd.Fault{Raw: []byte(strings.Repeat("\xff", 64))})
		e.refused(ends(e.t, facts("session create"), "UBUS_ERROR").andToken())
		e.Router.Broker.ClearFaults()
		e.Router.Broker.Remove("session") // rpcd is not there.
		e.refused(ends(e.t, facts("is rpcd running"), "UBUS_ERROR").andToken())
	}},
	{"UBUS_SESSION_FAILED", func(e *env) {
		for _, method := range []string{"set", "grant"} {
			e.Router.Broker.Refuse("session", method, ubus.PermissionDenied)
			e.refused(ends(e.t, facts("rights could not be set", "destroyed"), "UBUS_SESSION_FAILED").andToken())
			e.Router.Broker.ClearFaults()
		}
		e.Router.Broker.SetFault("session", "grant", ubusd.Fault{Drop: true, After: 2})
		e.provoke(ends(e.t, facts("rights could not be set"), "UBUS_SESSION_FAILED").andSpent().andToken(), func(e *env, client http.Header) *lab.Response {
			e.Router.Broker.SetFault("session", "grant", ubusd.Fault{Drop: true, After: 2})
			return login(e, client)
		})
		e.Router.Broker.ClearFaults()
		e.must(os.RemoveAll(e.Router.At("/usr/share/rpcd/acl.d")))
		e.refused(ends(e.t, facts("no access groups", "acl.d"), "UBUS_SESSION_FAILED").andToken())
	}},
}

var systemCases = []codeCase{
	{"SYSTEM_INIT_FAILED", func(e *env) {
		key := e.Router.At("/etc/luci-sso/secret.key")
		e.must(os.MkdirAll(filepath.Dir(key), 0o700))
		for fact, data := range map[string]string{
			"10 bytes":        strings.Repeat("k", 10),
			"0 bytes":         "",
			"more than 32":    strings.Repeat("k", 33),
			"it consists of ": strings.Repeat("\x00", 32),
		} {
			e.must(os.WriteFile(key, []byte(data), 0o600))
			want := ends(e.t, facts("CRITICAL: ", "secret.key", fact), "SYSTEM_INIT_FAILED")
			e.provoke(want, start)
		}
		e.must(os.RemoveAll(filepath.Dir(key)))
		e.provoke(ends(e.t, facts("CRITICAL: CSPRNG failure: the random source of the system cannot be used"), "SYSTEM_INIT_FAILED"), withoutRandom(syscall.ENOSYS))
		how := e.fill("/etc/luci-sso")
		e.t.Log("no key can be written:", how)
		e.provoke(ends(e.t, facts("CRITICAL: "), "SYSTEM_INIT_FAILED"), start)
	}},
	{"SSL_INIT_FAILED", func(e *env) {
		bundle := e.Router.At("/etc/ssl/certs/ca-certificates.crt")
		store, err := os.ReadFile(bundle)
		e.must(err)
		// What it ends in depends on the request it stops.
		ending := func(codes ...string) refusal {
			return ends(e.t, facts("CA certificates", "ca-bundle", "option ca_file"), codes...)
		}
		v, w := e.pending("alice"), e.pending("alice")
		e.must(os.Remove(bundle))
		sent := []visit{v, w}
		before := e.snapshot()
		for i, client := range []http.Header{plainClient, htmlClient} {
			mark := e.Mark()
			r := e.cgi(sent[i].request(client))
			want := ending("SSL_INIT_FAILED", "TOKEN_ENDPOINT_NETWORK_ERROR").andSpent()
			want.waiting = -1
			e.check(want, r, client, e.logOf(r, mark), before)
			before = e.snapshot()
		}
		e.forget()
		e.provoke(ending("SSL_INIT_FAILED", "OIDC_DISCOVERY_FAILED"), start)
		e.must(os.WriteFile(bundle, []byte("no certificate"), 0o644))
		e.provoke(ending("SSL_INIT_FAILED", "OIDC_DISCOVERY_FAILED"), start)
		e.must(os.WriteFile(bundle, store, 0o644))
		e.set("ca_file", e.Router.At("/no/such/file.pem"))
		e.provoke(ending("SSL_INIT_FAILED", "OIDC_DISCOVERY_FAILED"), start)
	}},
	// The next two are the machine's fault: the program is run where
	// getrandom(2) fails (a seccomp filter, which needs no privilege), so that
	// it falls back to the router's /dev/urandom.
	{"CRYPTO_ERROR", func(e *env) {
		start(e, plainClient)
		e.must(os.Symlink("/dev/zero", e.Router.At("/dev/urandom")))
		e.provoke(ends(e.t, facts("random source", "the same byte"), "CRYPTO_ERROR"), withoutRandom(syscall.ENOSYS))
	}},
	{"CRYPTO_INIT_FAILED", func(e *env) {
		start(e, plainClient)
		e.provoke(ends(e.t, facts("random source", "/dev/urandom"), "CRYPTO_INIT_FAILED"), withoutRandom(syscall.ENOSYS))
		e.must(os.WriteFile(e.Router.At("/dev/urandom"), []byte(strings.Repeat("not random", 100)), 0o644))
		e.provoke(ends(e.t, facts("random source", "is not a device"), "CRYPTO_INIT_FAILED"), withoutRandom(syscall.ENOSYS))
	}},
	{"TOO_MANY_REQUESTS", func(e *env) {
		for range 50 {
			e.cgi(lab.Request{Path: "/callback", Header: plainClient})
		}
		e.provoke(ends(e.t, facts("50"), "TOO_MANY_REQUESTS"), start)
		e.provoke(ends(e.t, facts("50"), "TOO_MANY_REQUESTS"), func(e *env, client http.Header) *lab.Response {
			return e.cgi(lab.Request{Path: "/logout", Header: client})
		})
		// The probe is not limited.
		if r := e.cgi(lab.Request{Query: "action=enabled"}); r.Status != 200 || r.Body != `{"enabled": true}` {
			e.t.Errorf("the probe: %s", r.Raw)
		}
	}},
	{"INPUT_TOO_LARGE", func(e *env) {
		for fact, r := range map[string]lab.Request{
			"QUERY_STRING has 16385 bytes": {Query: "a=" + strings.Repeat("x", 16383)},
			"HTTP_COOKIE has 16385 bytes":  {Path: "/callback", Cookie: "a=" + strings.Repeat("x", 16383)},
			"PATH_INFO":                    {Path: "/" + strings.Repeat("x", 16385)},
			"101 parameters":               {Query: strings.Repeat("a=1&", 100) + "a=1"},
			"101 cookies":                  {Cookie: strings.Repeat("a=1; ", 100) + "a=1"},
			"HTTP_ACCEPT_LANGUAGE":         {Header: http.Header{"Accept-Language": {strings.Repeat("x", 16385)}}},
		} {
			e.provoke(ends(e.t, facts(fact), "INPUT_TOO_LARGE"), func(e *env, client http.Header) *lab.Response {
				header := client.Clone()
				for name, values := range r.Header {
					header[name] = values
				}
				request := r
				request.Header = header
				return e.cgi(request)
			})
		}
		// On the limit it is let through.
		for _, r := range []lab.Request{
			{Query: "action=enabled&a=" + strings.Repeat("x", 16384-len("action=enabled&a="))},
			{Query: "action=enabled" + strings.Repeat("&a=1", 99)},
			{Query: "action=enabled", Cookie: strings.Repeat("a=1; ", 99) + "a=1"},
		} {
			if got := e.cgi(r); got.Status != 200 {
				e.t.Errorf("on the limit: %s", got.Raw)
			}
		}
	}},
	{"NOT_FOUND", func(e *env) {
		for _, path := range []string{"/nope", "/callback/x", "/CALLBACK", "/callback/../logout", "/\x1b[31m"} {
			e.provoke(ends(e.t, facts("there is no page"), "NOT_FOUND"), func(e *env, client http.Header) *lab.Response {
				return e.cgi(lab.Request{Path: path, Header: client})
			})
		}
	}},
}

// withoutRandom is a login's start in a process whose getrandom(2) fails.
func withoutRandom(errno syscall.Errno) func(*env, http.Header) *lab.Response {
	return func(e *env, client http.Header) *lab.Response {
		e.t.Helper()
		self, err := os.Executable()
		e.must(err)
		r := e.cgi(lab.Request{Header: client, Wrapper: []string{self, breakRandom, itoa(int(errno))}})
		if r.ExitCode == 99 {
			e.t.Skip("note: no seccomp filter here:", r.Stderr)
		}
		return r
	}
}

// fill makes a directory of the router full, and says how: a file system
// without room where one can be mounted, else a file in the directory's place.
func (e *env) fill(dir string) string { return e.full(dir, "size=4k,nr_inodes=4") }

// fillInodes is fill for what needs no room but a name.
func (e *env) fillInodes(dir string) string { return e.full(dir, "size=64k,nr_inodes=1") }

func (e *env) full(dir, options string) string {
	e.t.Helper()
	path := e.Router.At(dir)
	e.must(os.RemoveAll(path))
	e.must(os.MkdirAll(path, 0o700))
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, options+",mode=700"); err != nil {
		e.must(os.Remove(path))
		e.must(os.WriteFile(path, nil, 0o600))
		return "a file lies in the place of the directory (" + err.Error() + ")"
	}
	e.t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	// What room there is, is taken; an error says that there was none.
	_ = os.WriteFile(filepath.Join(path, "ballast"), make([]byte, 4096), 0o600)
	return "a full file system (" + options + ")"
}
