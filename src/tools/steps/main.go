// SPDX-License-Identifier: Apache-2.0

// Command steps does the work of a callback one step at a time, so that an
// emulator can count the instructions of each. scripts/steps builds it as the
// router's program is built, and counts.
package main

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"luci-sso/internal/backchannel"
)

const usage = `Usage: steps serve FILE | steps list | steps FILE STEP TIMES

serve makes keys and certificates, writes what the steps need to FILE, and
answers over TLS until its standard input ends.
`

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		err = serve(os.Args[2])
	case len(os.Args) == 2 && os.Args[1] == "list":
		for _, s := range steps {
			fmt.Println(s.name)
		}
	case len(os.Args) == 4:
		err = run(os.Args[1], os.Args[2], os.Args[3])
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "steps: "+err.Error())
		os.Exit(1)
	}
}

// material is made beforehand: keys are slow to make under an emulator.
type material struct {
	RSA, ECDSA                 []byte // Public keys.
	RSASignature, ECDSASigned  []byte // Of text.
	RS256, ES256, Document     string
	Certificate                []byte
	Address, Authority, Bundle string
}

var text = []byte("what is signed")

// A step prepares what it needs and returns the work.
var steps = []struct {
	name    string
	prepare func(m *material) func() error
}{

	{"key exchange, X25519", exchange(ecdh.X25519())},
	{"key exchange, P-256", exchange(ecdh.P256())},
	{"key exchange, P-384", exchange(ecdh.P384())},
	{"signature, RSA 2048", rsaSignature},
	{"signature, ECDSA P-256", ecdsaSignature},
	{"token, RS256", token(func(m *material) (string, []byte) { return m.RS256, m.RSA })},
	{"token, ES256", token(func(m *material) (string, []byte) { return m.ES256, m.ECDSA })},
	{"JSON of a discovery document", func(m *material) func() error {
		return func() error { var v map[string]any; return json.Unmarshal([]byte(m.Document), &v) }
	}},
	{"a certificate parsed", func(m *material) func() error {
		return func() error { _, err := x509.ParseCertificate(m.Certificate); return err }
	}},
	{"the bundle parsed as a whole", func(m *material) func() error {
		return func() error {
			all, err := os.ReadFile(m.Bundle)
			x509.NewCertPool().AppendCertsFromPEM(all)
			return err
		}
	}},
	{"a request, one authority in ca_file", request(func(m *material) string { return m.Authority })},
	{"a request, the whole bundle", request(func(m *material) string { return m.Bundle })},
}

func run(file, name, times string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	m := &material{}
	if err := json.Unmarshal(data, m); err != nil {
		return err
	}
	n, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.name != name {
			continue
		}
		work := s.prepare(m)
		for range n {
			if err := work(); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("there is no step %q", name)
}

func exchange(curve ecdh.Curve) func(m *material) func() error {
	return func(*material) func() error {
		// With a public key of its own: the work is the same.
		return func() error {
			ours, err := curve.GenerateKey(rand.Reader)
			if err == nil {
				_, err = ours.ECDH(ours.PublicKey())
			}
			return err
		}
	}
}

func public(der []byte) any {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		panic(err)
	}
	return key
}

func rsaSignature(m *material) func() error {
	key, sum := public(m.RSA).(*rsa.PublicKey), sha256.Sum256(text)
	return func() error { return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], m.RSASignature) }
}

func ecdsaSignature(m *material) func() error {
	key, sum := public(m.ECDSA).(*ecdsa.PublicKey), sha256.Sum256(text)
	return func() error {
		if !ecdsa.VerifyASN1(key, sum[:], m.ECDSASigned) {
			return errors.New("the signature is not right")
		}
		return nil
	}
}

func token(of func(m *material) (string, []byte)) func(m *material) func() error {
	return func(m *material) func() error {
		text, der := of(m)
		key := public(der)
		return func() error {
			_, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return key, nil })
			return err
		}
	}
}

// request is one over a new connection, as the router's program makes it.
func request(trust func(m *material) string) func(m *material) func() error {
	return func(m *material) func() error {
		return func() error {
			client := backchannel.New(backchannel.Trust{Bundle: trust(m), Dir: "/nonexistent"}, "", "steps")
			defer client.Close()
			_, err := client.Do(context.Background(), backchannel.Request{URL: "https://" + m.Address + "/"})
			return err
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func serve(file string) error {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	long := must(rsa.GenerateKey(rand.Reader, 2048))
	sum := sha256.Sum256(text)
	claims := jwt.MapClaims{"iss": "https://id.example", "sub": "1", "aud": "router", "exp": time.Now().Add(time.Hour).Unix(), "nonce": strings.Repeat("n", 43), "groups": []string{"admins"}}
	m := material{
		RSA: must(x509.MarshalPKIXPublicKey(long.Public())), ECDSA: must(x509.MarshalPKIXPublicKey(key.Public())),
		RSASignature: must(rsa.SignPKCS1v15(rand.Reader, long, crypto.SHA256, sum[:])), ECDSASigned: must(ecdsa.SignASN1(rand.Reader, key, sum[:])),
		RS256: must(jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(long)), ES256: must(jwt.NewWithClaims(jwt.SigningMethodES256, claims).SignedString(key)),
		Authority: file + ".ca", Bundle: file + ".bundle",
	}
	members := map[string]any{}
	for i := range 24 {
		members["endpoint_"+strconv.Itoa(i)] = []string{"https://id.example/" + strconv.Itoa(i), "code"}
	}
	m.Document = string(must(json.Marshal(members)))
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of steps"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	root := must(x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key))
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "steps"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	m.Certificate = must(x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), key))
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root})
	// As large as a router's: this machine's, and the one that is needed last.
	system, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(m.Authority, own, 0o600), os.WriteFile(m.Bundle, append(system, own...), 0o600)); err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{m.Certificate}, PrivateKey: key}}})
	if err != nil {
		return err
	}
	m.Address = listener.Addr().String()
	if err := os.WriteFile(file, must(json.Marshal(m)), 0o600); err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
			}()
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
