// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand"
	"net"
	"os"
	"strings"
	"testing"
)

// wholePool is the store as CertPool reads it.
func wholePool(t testing.TB, trust Trust) (pool *x509.CertPool, found bool) {
	pool = x509.NewCertPool()
	load := func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && pool.AppendCertsFromPEM(text)
	}
	if trust.CAFile != "" {
		return pool, load(trust.CAFile)
	}
	found = load(trust.Bundle)
	for _, name := range trust.besides(found) {
		found = load(name) || found
	}
	return pool, found
}

// named is what a chain can end in: the certificates of the store whose
// subject issued one of the peer's, or is the leaf's own.
func named(t testing.TB, trust Trust, peer []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	files := []string{trust.CAFile}
	if trust.CAFile == "" {
		files = append(trust.besides(false), trust.Bundle)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range parsed(text) {
			wanted := bytes.Equal(c.RawSubject, peer[0].RawSubject)
			for _, issued := range peer {
				wanted = wanted || bytes.Equal(c.RawSubject, issued.RawIssuer)
			}
			if wanted {
				pool.AddCert(c)
			}
		}
	}
	return pool
}

func TestOneChainIsDecidedAsByTheWholeStore(t *testing.T) {
	t.Parallel()
	kinds := map[string]int{}
	worlds(t, 2000, func(world int, random *rand.Rand, trust Trust, peer []*x509.Certificate, _ *member) {
		host := []string{"id.example", "a.id.example", "192.0.2.1", "ID.example."}[random.Intn(4)]
		pool, usable := wholePool(t, trust)
		s := new(store)
		if err := trust.usable(s); (err == nil) != usable {
			t.Fatalf("world %d: usable says %v, the whole store %t", world, err, usable)
		}
		if !usable {
			kinds["no certificate"]++
			return
		}
		if !trust.roots(s, peer).Equal(named(t, trust, peer)) {
			t.Fatalf("world %d: the pool has others than the certificates of the names that count", world)
		}
		between := x509.NewCertPool()
		for _, c := range peer[1:] {
			between.AddCert(c)
		}
		_, want := peer[0].Verify(x509.VerifyOptions{DNSName: host, Roots: pool, Intermediates: between})
		got := trust.verify(s, host, peer)
		kinds[kind(want)]++
		if (got == nil) != (want == nil) {
			t.Fatalf("world %d: the one chain says %v, the whole store %v", world, got, want)
		}
		if got == nil {
			return
		}
		var failed *tls.CertificateVerificationError
		if !errors.As(got, &failed) || withoutTime(failed.Err) != withoutTime(want) {
			t.Fatalf("world %d: the one chain says\n%v, the whole store\n%v", world, got, want)
		}
		if network(context.Background(), got).Error() != network(context.Background(), fmt.Errorf("tls: failed to verify certificate: %w", want)).Error() &&
			withoutTime(want) == want.Error() {
			t.Fatalf("world %d: other words in the log: %q", world, network(context.Background(), got))
		}
	})
	t.Log(kinds)
	for _, k := range []string{"accepted", "no certificate", "unknown", "possibly because of", "expired", "another name", "not authorized to sign for this name",
		"too many intermediates", "incompatible key usage"} {
		if kinds[k] < 5 {
			t.Errorf("only %d worlds end with %q, so they show nothing about it", kinds[k], k)
		}
	}
}

// withoutTime is an error's text without the current time, which has passed on.
func withoutTime(err error) string {
	text := err.Error()
	if i := strings.Index(text, "current time "); i >= 0 {
		return text[:i] + text[min(len(text), i+len("current time 2006-01-02T15:04:05+00:00")):]
	}
	return text
}

func kind(err error) string {
	switch {
	case err == nil:
		return "accepted"
	case strings.Contains(err.Error(), "possibly because of \"x509: a root"), strings.Contains(err.Error(), "not authorized to sign for this name"):
		return "not authorized to sign for this name"
	}
	for _, words := range []string{"too many intermediates", "possibly because of", "unknown", "expired", "incompatible key usage"} {
		if strings.Contains(err.Error(), words) {
			return words
		}
	}
	if strings.Contains(err.Error(), "is valid for") {
		return "another name"
	}
	return err.Error()
}

// The same in a real handshake, with crypto/tls' own verification beside it.
func TestHandshakeDecidesAsCryptoTLS(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted, refused := 0, 0
	worlds(t, 150, func(world int, random *rand.Rand, trust Trust, peer []*x509.Certificate, leaf *member) {
		pool, usable := wholePool(t, trust)
		if !usable {
			return
		}
		served := tls.Certificate{PrivateKey: leaf.key}
		for _, c := range peer {
			served.Certificate = append(served.Certificate, c.Raw)
		}
		version := []uint16{tls.VersionTLS12, tls.VersionTLS13}[random.Intn(2)]
		shake := func(client func(net.Conn) error) error {
			done := make(chan struct{})
			go func() {
				defer close(done)
				theirs, err := listener.Accept()
				if err != nil {
					return
				}
				_ = tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{served}, MaxVersion: version}).Handshake()
				_ = theirs.Close()
			}()
			ours, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			err = client(ours)
			_ = ours.Close()
			<-done
			return err
		}
		host := []string{"id.example", "192.0.2.1", "192.0.2.2", "x.example", ""}[random.Intn(5)]
		want := shake(func(raw net.Conn) error {
			return tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: host}).Handshake()
		})
		got := shake(func(raw net.Conn) error {
			_, err := trust.secure(context.Background(), new(store), raw, host)
			return err
		})
		if want == nil {
			accepted++
		} else {
			refused++
		}
		if (got == nil) != (want == nil) || got != nil && withoutTime(got) != withoutTime(want) {
			t.Fatalf("world %d, %q: we say\n%v, crypto/tls\n%v", world, host, got, want)
		}
	})
	if accepted < 10 || refused < 10 {
		t.Errorf("%d accepted, %d refused: they show nothing", accepted, refused)
	}
}

// The bundle may be replaced, or vanish, between the look at it and the peer's
// answer: then nobody is trusted.
func TestAStoreThatVanishesTrustsNobody(t *testing.T) {
	t.Parallel()
	worlds(t, 30, func(world int, _ *rand.Rand, trust Trust, peer []*x509.Certificate, _ *member) {
		s := new(store)
		_ = trust.usable(s)
		trust.Bundle, trust.CAFile, trust.Dir = trust.Bundle+".gone", "", ""
		var unknown x509.UnknownAuthorityError
		if err := trust.verify(s, "id.example", peer); err == nil {
			t.Fatalf("world %d: somebody is trusted", world)
		} else if errors.As(err, &unknown) && !strings.Contains(network(context.Background(), err).Error(), "ca_file") {
			t.Errorf("world %d: %v", world, err)
		}
	})
}

// What is passed over has no certificate of the names asked for, whatever
// stands in the file.
func FuzzStore(f *testing.F) {
	random := rand.New(rand.NewSource(1)) // #nosec G404 -- seeds
	u := newUniverse(f, random, testKeys(f))
	for range 40 {
		if text := written(random, some(random, u.authorities, 2)); len(text) < 3000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all := parsed(text)
		whole := x509.NewCertPool()
		found := whole.AppendCertsFromPEM(text)
		s := new(store)
		read := func() { s.text = bufio.NewReaderSize(bytes.NewReader(text), 1500) } // Small, so that blocks are cut.
		read()
		if err := s.scan(); len(s.found) > 0 != found || err != nil {
			t.Fatalf("found: %d, %v, want %t", len(s.found), err, found)
		}
		again := x509.NewCertPool()
		for _, c := range all {
			again.AddCert(c)
			want, got := x509.NewCertPool(), x509.NewCertPool()
			for _, other := range all {
				if bytes.Equal(other.RawSubject, c.RawSubject) {
					want.AddCert(other)
				}
			}
			read()
			s.names, s.found = [][]byte{c.RawSubject}, nil
			err := s.scan()
			for _, one := range s.found {
				got.AddCert(one)
			}
			if err != nil || !got.Equal(want) {
				t.Fatalf("of the subject %q other certificates are found", c.RawSubject)
			}
		}
		if !again.Equal(whole) {
			t.Fatal("crypto/x509 finds other certificates")
		}
	})
}

// parsed are all certificates of a text, without this package's own code.
func parsed(text []byte) (all []*x509.Certificate) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return all
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" && len(block.Headers) == 0 {
			all = append(all, c)
		}
	}
}
