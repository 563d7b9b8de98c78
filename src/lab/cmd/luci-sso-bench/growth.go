// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"strconv"
	"time"

	"luci-sso/internal/handshake"
	"luci-sso/internal/random"
	"luci-sso/internal/replay"
	"luci-sso/internal/secret"
)

// fullStore is the table that has a goal.
const fullStore = "99 pending logins, used tokens"

// growth measures a login, start and callback together, while one thing that
// grows on a router has different sizes.
func (b *bench) growth(r *report) error {
	tables := []struct {
		what  string
		sizes []int
		grow  func(n int) (undo func(), err error)
	}{
		{"pending logins", []int{0, 10, 99}, b.pending},
		{"used tokens", []int{0, 1000, 10000}, b.used},
		{fullStore, []int{0, 10000}, b.both},
		{"roles", []int{3, 10, 100}, b.roles},
		{"access-group files more", []int{0, 10, 200}, b.groups},
		{"CA certificates more", []int{0, 140}, b.authorities},
	}
	for _, t := range tables {
		g := Growth{What: t.what}
		for _, n := range t.sizes {
			undo, err := t.grow(n)
			if err != nil {
				return fmt.Errorf("%s: %w", t.what, err)
			}
			cost, err := b.login()
			undo()
			if err != nil {
				return fmt.Errorf("%d %s: %w", n, t.what, err)
			}
			g.Sizes = append(g.Sizes, n)
			g.CPU = append(g.CPU, cost)
		}
		r.Growth = append(r.Growth, g)
	}
	return nil
}

// login is the median CPU time of start and callback together, in
// milliseconds.
func (b *bench) login() (float64, error) {
	login := b.ours()
	login.upTo = firstCallback
	if err := b.warm(login); err != nil {
		return 0, err
	}
	var samples []sample
	for range max(b.settings.rounds/2, 3) {
		var sum sample
		err := b.visit(login, func(name string, cmd *exec.Cmd) ([]byte, error) {
			s, err := execute(cmd)
			if name == "start" || name == "callback" {
				sum.cpu += s.cpu
			}
			return s.output, err
		})
		if err != nil {
			return 0, err
		}
		samples = append(samples, sum)
	}
	return summarize(samples).CPU, nil
}

func (b *bench) at(path string) string { return b.lab.Router.At(path) }

// pending stores logins that nobody ends. 99 leave room for the one that is
// measured.
func (b *bench) pending(n int) (func(), error) {
	dir := b.at("/var/run/luci-sso/handshakes")
	store := handshake.Open(handshake.Options{Dir: dir, KeyFile: b.at("/etc/luci-sso/secret.key")})
	for range n {
		var p handshake.Pending
		for _, value := range []*secret.Value{&p.State, &p.Nonce, &p.Verifier} {
			token, err := random.Token()
			if err != nil {
				return func() {}, err
			}
			*value = secret.New(token)
		}
		p.RedirectURI, p.Issued = "https://router.example/cgi-bin/luci-sso/callback", time.Now()
		if _, err := store.Save(p); err != nil {
			return func() {}, err
		}
	}
	return func() { _ = os.RemoveAll(dir) }, nil
}

func (b *bench) used(n int) (func(), error) {
	dir := b.at("/var/run/luci-sso/tokens")
	registry := replay.Open(dir)
	for i := range n {
		if err := registry.Register(secret.New("bench "+strconv.Itoa(i)), time.Now().Add(time.Hour)); err != nil {
			return func() {}, err
		}
	}
	return func() { _ = os.RemoveAll(dir) }, nil
}

func (b *bench) both(n int) (func(), error) {
	if n == 0 {
		return func() {}, nil // The empty store, to compare with.
	}
	undoUsed, err := b.used(n)
	if err != nil {
		return undoUsed, err
	}
	undoPending, err := b.pending(99)
	return func() { undoUsed(); undoPending() }, err
}

// roles puts roles that match nobody before the login.
func (b *bench) roles(n int) (func(), error) {
	const path = "/etc/config/luci-sso"
	before, err := os.ReadFile(b.at(path))
	if err != nil {
		return func() {}, err
	}
	text := string(before)
	for i := range n - 3 {
		text += fmt.Sprintf("\nconfig role 'crowd%d'\n\tlist group 'nobody-%d'\n\tlist read 'luci-base'\n", i, i)
	}
	return func() { _ = b.lab.WriteConfig(string(before)) }, b.lab.WriteConfig(text)
}

func (b *bench) groups(n int) (func(), error) {
	const dir = "/usr/share/rpcd/acl.d/"
	name := func(i int) string { return dir + "bench-" + strconv.Itoa(i) + ".json" }
	for i := range n {
		text := fmt.Sprintf(`{"luci-bench-%d":{"description":"Made for measuring","read":{"ubus":{"bench%d":["status","list"]},"uci":["bench%d"],"file":{"/etc/bench%d":["read"]}},"write":{"uci":["bench%d"]}}}`, i, i, i, i, i)
		// #nosec G306 -- as rpcd's own are
		if err := os.WriteFile(b.at(name(i)), []byte(text), 0o644); err != nil {
			return func() {}, err
		}
	}
	return func() {
		for i := range n {
			_ = os.Remove(b.at(name(i)))
		}
	}, nil
}

// authorities adds certificates to the router's bundle, as large as usual.
func (b *bench) authorities(n int) (func(), error) {
	path := b.at(bundle)
	before, err := os.ReadFile(path)
	if err != nil {
		return func() {}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return func() {}, err
	}
	text := append([]byte(nil), before...)
	for i := range n {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)),
			Subject:      pkix.Name{CommonName: "Authority " + strconv.Itoa(i), Organization: []string{"Made for measuring"}, Country: []string{"ZZ"}},
			NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			return func() {}, err
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return func() { _ = b.fill(bundle, before) },
		os.WriteFile(path, text, 0o644) // #nosec G306 -- as on a router
}
