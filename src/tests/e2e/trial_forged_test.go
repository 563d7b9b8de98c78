// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/seal"
	"luci-sso/lab"
)

// TestTryForged: what is not exactly the trial of this browser, this session
// and these five minutes is refused, and tells nobody anything.
func TestTryForged(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session, other := e.admin(), e.admin()
	e.cgi(lab.Request{Header: htmlClient}) // So that there is a secret key.
	before := len(e.Router.RPCD.Snapshot())
	gone := func(what string, r *lab.Response) {
		t.Helper()
		if r.Status != 404 || strings.Contains(string(r.Raw), tryCookie+"=") || r.Header.Get("Location") != "" {
			t.Errorf("%s: %s", what, r.Raw)
		}
		checkHeaders(t, r)
	}
	notTried := func(what string, r *lab.Response) {
		t.Helper()
		if r.Status < 400 || strings.Contains(r.Body, "may be closed") || strings.Contains(string(r.Raw), "sysauth") {
			t.Errorf("%s: %s", what, r.Raw)
		}
	}
	gone("without a ticket", e.cgi(lab.Request{Path: "/try", Header: htmlClient}))
	gone("a made-up ticket", e.depart(strings.Repeat("A", 43)))
	gone("a path", e.depart("../handshakes/x"))

	// A foreign browser has no cookie, whatever its link says.
	ticket := e.wish(session, nil)
	gone("the ticket in a link", e.cgi(lab.Request{Path: "/try", Query: "id=" + ticket + "&ticket=" + ticket, Header: htmlClient}))
	gone("as a login's cookie", e.cgi(lab.Request{Path: "/try", Cookie: lab.HandshakeCookie + "=" + ticket, Header: htmlClient}))
	gone("as a HEAD", e.cgi(lab.Request{Method: "HEAD", Path: "/try", Cookie: ticketCookie + "=" + ticket, Header: htmlClient}))
	gone("over plain HTTP", e.cgi(lab.Request{Plain: true, Path: "/try", Cookie: ticketCookie + "=" + ticket, Header: htmlClient}))
	v := e.away(ticket, "alice")
	gone("a second departure", e.depart(ticket))

	// The callback belongs to its own cookie and its own state.
	notTried("another browser", e.cgi(visit{v.query, ""}.request(htmlClient)))
	notTried("as a login's callback", e.cgi(v.back(lab.HandshakeCookie)))
	notTried("the ticket as cookie", e.cgi(visit{v.query, ticket}.back(tryCookie)))
	forged := url.Values{"code": v.query["code"], "iss": v.query["iss"], "state": {strings.Repeat("A", 43)}}
	notTried("another state", e.cgi(visit{forged, v.cookie}.back(tryCookie)))
	notTried("no state", e.cgi(visit{url.Values{"code": v.query["code"]}, v.cookie}.back(tryCookie)))

	// A login's own pending state is no trial.
	real := e.pending("alice")
	notTried("a login's cookie as a trial", e.cgi(real.back(tryCookie)))

	if r := e.cgi(v.back(tryCookie)); r.Status != 200 {
		t.Fatalf("the forgeries have disturbed the trial: %s", r.Raw)
	}
	notTried("a replay", e.cgi(v.back(tryCookie)))

	// What came goes to the session that asked, once.
	for _, foreign := range []string{other, "", strings.Repeat("0", 32)} {
		if _, raw := e.plugin("try_result", foreign, map[string]any{"id": ticket}); strings.Contains(raw, "alice") {
			t.Errorf("session %q sees %s", foreign, raw)
		}
	}
	if got, raw := e.plugin("try_result", session, map[string]any{"id": ticket}); got.State != "done" {
		t.Errorf("the session's own: %s", raw)
	}

	// Nobody but a page can ask, and from the host that the browser comes back to.
	if reply, raw := e.plugin("try_login", "", map[string]any{"host": e.Router.Host}); reply.ID != "" {
		t.Errorf("without a session: %s", raw)
	}
	if reply, raw := e.plugin("try_login", session, map[string]any{"host": "elsewhere.example"}); reply.ID != "" || len(reply.Checks)+len(reply.Origin) == 0 {
		t.Errorf("from another host: %s", raw)
	}
	if reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "values": map[string]any{"redirect_uri": "https://r.example.com/cgi-bin/luci-sso/callback"}}); reply.ID != "" || reply.Origin != "https://r.example.com" {
		t.Errorf("with a redirect URI elsewhere: %s", raw)
	}
	if reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "values": map[string]any{"client_id": ""}}); reply.ID != "" || reply.Checks[0].Code != "CONFIG_ERROR" {
		t.Errorf("with settings that are not complete: %s", raw)
	}

	// Who has logged out cannot go on, and five minutes are five minutes.
	left := e.wish(other, nil)
	_, err := e.Router.Ubus("session", "destroy", ubus.Table{"ubus_rpc_session": other})
	e.must(err)
	gone("after logging out", e.depart(left))
	late := e.wish(session, nil)
	e.aged("wish", late)
	gone("after five minutes", e.depart(late))
	v = e.away(e.wish(session, nil), "alice")
	e.aged("away", v.cookie)
	notTried("back after five minutes", e.cgi(v.back(tryCookie)))
	late = e.wish(session, nil)
	e.cgi(e.away(late, "alice").back(tryCookie))
	e.aged("came", late)
	if _, raw := e.plugin("try_result", session, map[string]any{"id": late}); strings.Contains(raw, "alice") {
		t.Errorf("fetched after five minutes: %s", raw)
	}
	if now := len(e.Router.RPCD.Snapshot()); now != before-1 {
		t.Errorf("there are %d sessions, expected %d", now, before-1)
	}
}

// aged makes a trial of some phase six minutes old.
func (e *env) aged(phase, name string) {
	e.t.Helper()
	key, err := seal.Load(e.Router.At("/etc/luci-sso/secret.key"))
	e.must(err)
	sum := sha256.Sum256([]byte(name))
	file := e.Router.At("/var/run/luci-sso/trials/" + hex.EncodeToString(sum[:]) + "." + phase)
	sealed, err := os.ReadFile(file)
	e.must(err)
	purpose := seal.Purpose("trial, " + phase)
	plain, err := key.Open(purpose, name, sealed)
	e.must(err)
	var content map[string]any
	e.must(json.Unmarshal(plain, &content))
	content["Issued"] = time.Now().Add(-6 * time.Minute)
	plain, err = json.Marshal(content)
	e.must(err)
	sealed, err = key.Seal(purpose, name, plain)
	e.must(err)
	e.must(os.WriteFile(file, sealed, 0o600))
}

// TestTryIsBounded: whoever asks again and again fills nothing.
func TestTryIsBounded(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session := e.admin()
	n := 0
	for range 30 {
		if reply, _ := e.plugin("try_login", session, map[string]any{"host": e.Router.Host}); reply.ID != "" {
			n++
		}
	}
	files, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/trials/*"))
	if n != 16 || len(files) != 16 {
		t.Errorf("%d trials, %d files", n, len(files))
	}
	for _, name := range files {
		old := time.Now().Add(-6 * time.Minute)
		e.must(os.Chtimes(name, old, old))
	}
	e.shell("cleanup")
	if files, _ = filepath.Glob(e.Router.At("/var/run/luci-sso/trials/*")); len(files) != 0 {
		t.Errorf("the cleanup left %v", files)
	}
}
