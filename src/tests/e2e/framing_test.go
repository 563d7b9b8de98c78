// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"luci-sso/lab/idp"
)

// rawProvider answers every request with the same bytes.
func rawProvider(t *testing.T, e *env) (issuer string, say func(string)) {
	t.Helper()
	cert, err := e.CA.Issue("127.0.0.1")
	e.must(err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	e.must(err)
	t.Cleanup(func() { _ = listener.Close() })
	var text atomic.Value
	text.Store("")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func(conn net.Conn) {
				defer func() { _ = conn.Close() }()
				reader := bufio.NewReader(conn)
				for {
					line, err := reader.ReadString('\n')
					if err != nil || line == "\r\n" {
						break
					}
				}
				_, _ = io.WriteString(conn, text.Load().(string))
			}(conn)
		}
	}()
	return "https://" + listener.Addr().String(), func(s string) { text.Store(s) }
}

// TestFraming: a response whose end can be read in two ways is none.
func TestFraming(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("rate_limit", "100000")
	issuer, say := rawProvider(t, e)
	e.set("issuer_url", issuer)
	doc := fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q}`, issuer, issuer+"/a", issuer+"/t", issuer+"/j")
	length := fmt.Sprintf("Content-Length: %d\r\n", len(doc))
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(doc), doc)
	const chunked = "Transfer-Encoding: chunked\r\n"
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"a length":             {"HTTP/1.1 200 OK\r\n" + length + "\r\n" + doc, true},
		"chunks":               {"HTTP/1.1 200 OK\r\n" + chunked + "\r\n" + chunks, true},
		"chunks, upper case":   {"HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\n\r\n" + chunks, true},
		"to the end":           {"HTTP/1.1 200 OK\r\n\r\n" + doc, true},
		"chunked and gzip":     {"HTTP/1.1 200 OK\r\n" + chunked + "Transfer-Encoding: gzip\r\n\r\n" + chunks, false},
		"gzip and chunked":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n" + chunked + "\r\n" + chunks, false},
		"gzip, chunked":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunks, false},
		"chunked twice":        {"HTTP/1.1 200 OK\r\n" + chunked + chunked + "\r\n" + chunks, false},
		"identity":             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n" + length + "\r\n" + doc, false},
		"an empty coding":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n" + length + "\r\n" + doc, false},
		"empty, then chunked":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n" + chunked + length + "\r\n" + doc, false},
		"chunked in 1.0":       {"HTTP/1.0 200 OK\r\n" + chunked + "\r\n" + chunks, false},
		"length and chunks":    {"HTTP/1.1 200 OK\r\n" + length + chunked + "\r\n" + chunks, false},
		"two lengths":          {"HTTP/1.1 200 OK\r\n" + length + "Content-Length: 2\r\n\r\n" + doc, false},
		"the same twice":       {"HTTP/1.1 200 OK\r\n" + length + length + "\r\n" + doc, false},
		"a signed length":      {"HTTP/1.1 200 OK\r\n" + strings.Replace(length, ": ", ": +", 1) + "\r\n" + doc, false},
		"nearly a coding":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding\v: chunked\r\n" + length + "\r\n" + doc, false},
		"a folded coding":      {"HTTP/1.1 200 OK\r\nX: y\r\n Transfer-Encoding: chunked\r\n" + length + "\r\n" + doc, false},
		"a bare return":        {"HTTP/1.1 200 OK\r\nX: y\rTransfer-Encoding: chunked\r\n" + length + "\r\n" + doc, false},
		"an interim with body": {"HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n" + length + "\r\n" + doc, false},
	} {
		say(c.text)
		e.forget()
		mark := e.Mark()
		r := start(e, htmlClient)
		log := strings.Join(e.logOf(r, mark), "\n")
		if want := map[bool]int{true: 302, false: 500}[c.ok]; r.Status != want || !c.ok && !strings.Contains(log, "[500] DISCOVERY_NETWORK_ERROR") {
			t.Errorf("%s: %d, expected %d\n%s", name, r.Status, want, log)
		}
	}
}

// TestShortCoordinates: some providers leave the leading zero out that one
// P-256 key in 128 has.
func TestShortCoordinates(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var private *ecdsa.PrivateKey
	for private == nil || private.X.BitLen() > 248 {
		var err error
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		e.must(err)
	}
	e.IDP.SetKeys(&idp.Key{ID: "short", Alg: "ES256", Use: "sig", Private: private})
	e.IDP.SetAlgorithm("ES256")
	e.inject(idp.Fault{Keys: func(set map[string]any) {
		set["keys"].([]any)[0].(map[string]any)["x"] = base64.RawURLEncoding.EncodeToString(private.X.Bytes())
	}})
	e.signsIn("with a short x")
	// Another number of that length is still no point of the curve.
	e.forget()
	e.inject(idp.Fault{Keys: func(set map[string]any) {
		set["keys"].([]any)[0].(map[string]any)["x"] = base64.RawURLEncoding.EncodeToString(private.X.Bytes()[1:])
	}})
	e.refused(ends(t, facts("not on the curve"), "INVALID_SIGNATURE"))
}

// TestKeyThatCannotBeDecoded: the log says what is wrong with a key.
func TestKeyThatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	for fact, bend := range map[string]func(string) string{
		"base64url with padding":    func(n string) string { return n + "==" },
		"standard alphabet":         func(n string) string { return "+/" + n[2:] },
		"the key's n is missing":    func(string) string { return "" },
		"the key's n is not base64": func(n string) string { return n[:len(n)-2] + "~~" },
	} {
		e := newEnv(t)
		e.IDP.SetAlgorithm("RS256")
		e.inject(idp.Fault{Keys: func(set map[string]any) {
			for _, key := range set["keys"].([]any) {
				if n, ok := key.(map[string]any)["n"].(string); ok {
					key.(map[string]any)["n"] = bend(n)
				}
			}
		}})
		e.refused(ends(t, facts(fact), "INVALID_SIGNATURE"))
	}
}
