// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A universe has few names and few keys, so that among its certificates are
// all the relations that matter: two authorities of one name with different
// keys, one key under two names, cross-signed ones, loops, intermediates that
// are also in the bundle, and leaves whose issuer nobody knows.
type universe struct {
	authorities, leaves []*member
	signed              map[*x509.Certificate]crypto.Signer // With which key.
}

type member struct {
	*x509.Certificate
	key crypto.Signer
}

func newUniverse(t testing.TB, random *rand.Rand, keys []crypto.Signer) *universe {
	u := &universe{signed: map[*x509.Certificate]crypto.Signer{}}
	names := []pkix.Name{
		{CommonName: "One"}, {CommonName: "Two", Organization: []string{"O"}}, {CommonName: "Three", Country: []string{"ZZ"}},
		{CommonName: "one"}, {}, // Another name than One, and the empty one.
		{CommonName: strings.Repeat("A name longer than what is looked at. ", 20)},
	}
	keyID := func(key int) []byte {
		switch random.Intn(6) {
		case 0:
			return nil
		case 1:
			return []byte{9, byte(random.Intn(3))} // Wrong.
		default:
			return []byte{1, byte(key)}
		}
	}
	serial := int64(0)
	issue := func(leaf bool) {
		serial++
		own, by := random.Intn(len(keys)), random.Intn(len(keys))
		name, issuer := names[random.Intn(len(names))], names[random.Intn(len(names))]
		if !leaf && random.Intn(3) > 0 {
			own, name = by, issuer // A root.
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: name, SubjectKeyId: keyID(own),
			NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			BasicConstraintsValid: true, IsCA: !leaf, MaxPathLen: -1,
		}
		parent := &x509.Certificate{Subject: issuer, SubjectKeyId: keyID(by)}
		if template.SubjectKeyId == nil && !leaf && random.Intn(2) == 0 {
			template.IsCA = false // crypto/x509 adds an identifier to an authority.
		}
		switch random.Intn(16) {
		case 0:
			template.NotAfter = time.Now().Add(-time.Hour)
		case 1:
			template.NotBefore = time.Now().Add(time.Hour)
		case 2, 6, 7, 8:
			if !leaf {
				template.IsCA, template.MaxPathLen, template.MaxPathLenZero = true, random.Intn(2), true
			}
		case 3:
			template.PermittedDNSDomainsCritical, template.PermittedDNSDomains = true, []string{[]string{"example", "elsewhere"}[random.Intn(2)]}
		case 4:
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		case 5:
			template.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}
		if leaf {
			template.DNSNames = []string{"id.example", "*.id.example"}
			template.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)}
			if random.Intn(8) == 0 {
				template.DNSNames = []string{"other.example"}
			}
		}
		der, err := x509.CreateCertificate(cryptorand.Reader, template, parent, keys[own].Public(), keys[by])
		if err == nil && !leaf && random.Intn(12) == 0 {
			der, err = firstVersion(der, keys[by])
		}
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return // What crypto/x509 makes and does not read: no authority with an empty name.
		}
		u.signed[certificate] = keys[by]
		if m := (&member{certificate, keys[own]}); leaf {
			u.leaves = append(u.leaves, m)
		} else {
			u.authorities = append(u.authorities, m)
		}
	}
	for range 90 {
		issue(false)
	}
	for range 60 {
		issue(true)
	}
	return u
}

// firstVersion makes a certificate of X.509's first version of it, as old
// authorities are: nothing stands before the serial number, and it has no
// extensions.
func firstVersion(der []byte, key crypto.Signer) ([]byte, error) {
	type certificate struct {
		Body      asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	var c certificate
	if _, err := asn1.Unmarshal(der, &c); err != nil {
		return nil, err
	}
	var body []byte
	for rest := c.Body.Bytes; len(rest) > 0; {
		var element asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &element); err != nil {
			return nil, err
		}
		if element.Class == asn1.ClassUniversal { // Not version and extensions.
			body = append(body, element.FullBytes...)
		}
	}
	body, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: body})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	signature, err := key.Sign(cryptorand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	c.Body, c.Signature = asn1.RawValue{FullBytes: body}, asn1.BitString{Bytes: signature, BitLength: len(signature) * 8}
	return asn1.Marshal(c)
}

func testKeys(t testing.TB) (keys []crypto.Signer) {
	for range 4 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

func some(random *rand.Rand, from []*member, most int) (list []*x509.Certificate) {
	for range random.Intn(most + 1) {
		list = append(list, from[random.Intn(len(from))].Certificate)
	}
	return list
}

// issuer is an authority with the name of that which issued c, and often with
// its key.
func (u *universe) issuer(random *rand.Rand, c *x509.Certificate) *x509.Certificate {
	key := u.signed[c]
	first := random.Intn(len(u.authorities))
	for i := range u.authorities {
		candidate := u.authorities[(first+i)%len(u.authorities)]
		if bytes.Equal(candidate.RawSubject, c.RawIssuer) && (candidate.key == key || random.Intn(20) == 0) {
			return candidate.Certificate
		}
	}
	return u.authorities[0].Certificate
}

// written is the certificates as text, with all that is seen in such files,
// and some that should not be.
func written(random *rand.Rand, certificates []*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, certificate := range certificates {
		text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
		lines := strings.SplitAfter(text, "\n")
		anywhere := func() int { return 1 + random.Intn(len(lines)-3) }
		switch random.Intn(28) {
		case 0:
			text += text // A duplicate.
		case 1:
			text = "# A comment\n\n" + text + "\n \n"
		case 2:
			text = "subject=/CN=x -----\n" + text
		case 3:
			text = "-----BEGIN CERTIFICATE-----\n" + text // One that never ends.
		case 4:
			text = text + "-----END CERTIFICATE-----\n"
		case 5:
			lines[anywhere()] = "!\n" // Damaged.
			text = strings.Join(lines, "")
		case 6:
			lines[anywhere()] += "# a comment\n"
			text = strings.Join(lines, "")
		case 7:
			lines[anywhere()] += "  \t\n\n"
			text = strings.Join(lines, "")
		case 8:
			text = strings.ReplaceAll(text, "\n", "\r\n")
		case 9:
			text = strings.ReplaceAll(text, "\n", " \n")
		case 10:
			cut := certificate.Raw[:random.Intn(len(certificate.Raw))]
			text = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cut}))
		case 11:
			more := append(bytes.Clone(certificate.Raw), 0)
			text = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: more}))
		case 12:
			text = text[:random.Intn(len(text))] + "\n"
		case 13:
			text = strings.TrimSuffix(text, "\n") // The next begins in the line of the end.
		case 14:
			text = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw, Headers: map[string]string{"a": "b"}}))
		case 15:
			text = strings.ReplaceAll(text, "CERTIFICATE", "TRUSTED CERTIFICATE")
		case 16:
			text = strings.Replace(text, "\n", "\na: b\n", 1)
		case 17:
			text = strings.Repeat("# a long comment\n", window/len("# a long comment\n")+random.Intn(3)) + text
		case 18:
			flipped := bytes.Clone(certificate.Raw)
			flipped[random.Intn(len(flipped))] ^= 1 << random.Intn(8)
			text = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: flipped}))
		case 19:
			text = strings.ReplaceAll(strings.ReplaceAll(text, "\n", ""), dashes+"MI", dashes+"\nMI")
			text = strings.ReplaceAll(text, dashes+"END", "\n"+dashes+"END") + "\n" // All in one line.
		case 20:
			text = " " + text
		case 21:
			text = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + text
		case 22:
			text = strings.Replace(text, "\n-----END", "-----END", 1) // Only the next block ends.
		case 23:
			encoded := base64.StdEncoding.EncodeToString(certificate.Raw)
			at := random.Intn(len(encoded))
			text = wide(encoded[:at]+" "+encoded[at:], 64) // As wide as it should be, with a blank.
		case 24:
			text = wide(base64.StdEncoding.EncodeToString(certificate.Raw), 4+random.Intn(100))
		}
		b.WriteString(text)
	}
	return b.Bytes()
}

// wide is a block of what is encoded, in lines of a width.
func wide(rest string, width int) string {
	text := beginLine + "\n"
	for rest != "" {
		n := min(width, len(rest))
		text, rest = text+rest[:n]+"\n", rest[n:]
	}
	return text + endLine + "\n"
}

// worlds calls check for n worlds: a store on disk and what a peer presents.
func worlds(t testing.TB, n int, check func(world int, random *rand.Rand, trust Trust, peer []*x509.Certificate, leaf *member)) {
	keys := testKeys(t)
	dir := t.TempDir()
	trust := Trust{Bundle: filepath.Join(dir, "bundle.crt"), Dir: dir}
	alone := filepath.Join(t.TempDir(), "alone.pem")
	var u *universe
	for world := range n {
		random := rand.New(rand.NewSource(int64(world))) // #nosec G404 -- a test's worlds
		if world%500 == 0 {
			u = newUniverse(t, random, keys)
		}
		leaf := u.leaves[random.Intn(len(u.leaves))]
		peer := []*x509.Certificate{leaf.Certificate}
		for range random.Intn(4) {
			peer = append(peer, u.issuer(random, peer[len(peer)-1]))
		}
		peer = append(peer, some(random, u.authorities, 2)...)
		in := some(random, u.authorities, 15)
		for range random.Intn(4) {
			in = append(in, u.issuer(random, peer[random.Intn(len(peer))]))
		}
		if random.Intn(10) == 0 {
			in = append(in, some(random, u.leaves, 5)...)
			in = append(in, leaf.Certificate)
		}
		random.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		put := func(path string, certificates []*x509.Certificate) {
			if err := os.WriteFile(path, written(random, certificates), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		trust.CAFile = ""
		beside := filepath.Join(dir, "own.pem")
		_ = os.Remove(beside)
		switch random.Intn(4) {
		case 0:
			// The store beside it has all that vouch for the peer; none counts.
			trust.CAFile = alone
			put(alone, in)
			in = nil
			for _, c := range peer {
				in = append(in, c, u.issuer(random, c))
			}
			put(beside, in)
		case 1:
			half := random.Intn(len(in) + 1)
			put(beside, in[half:])
			in = in[:half]
		}
		put(trust.Bundle, in)
		check(world, random, trust, peer, leaf)
	}
}
