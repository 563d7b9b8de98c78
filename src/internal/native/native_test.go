// SPDX-License-Identifier: Apache-2.0

package native

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/openwrt"
)

// ask is one call; null is told apart from an empty result.
func ask(t *testing.T, name string, args ...string) (result string, null bool) {
	t.Helper()
	var in strings.Builder
	for _, arg := range args {
		fmt.Fprintf(&in, "%d:%s", len(arg), arg)
	}
	return raw(t, name, in.String())
}

func raw(t *testing.T, name, in string) (result string, null bool) {
	t.Helper()
	var out bytes.Buffer
	known, err := Run(name, strings.NewReader(in), &out)
	if !known || err != nil {
		t.Fatalf("%s: known %t, error %v", name, known, err)
	}
	if out.String() == "-" {
		return "", true
	}
	result, ok := strings.CutPrefix(out.String(), "+")
	if !ok {
		t.Fatalf("%s answered %q, want + and the result, or -", name, out.String())
	}
	return result, false
}

func unbase64(t *testing.T, text string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// FIPS 180-4's examples, as NIST publishes them, and bytes that strings of C
// would end at.
func TestSHA256(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
		"\x00": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	} {
		if got, _ := ask(t, "sha256", message); hex.EncodeToString([]byte(got)) != want {
			t.Errorf("SHA-256 of %q = %x, want %s", message, got, want)
		}
	}
	with, _ := ask(t, "sha256", "a\x00b")
	without, _ := ask(t, "sha256", "a")
	if with == without {
		t.Error("a NUL ends the message")
	}
}

// The test cases of RFC 4231 §4; number 6 has a key longer than a block.
func TestHMAC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, message, want string }{
		{strings.Repeat("\x0b", 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{strings.Repeat("\xaa", 20), strings.Repeat("\xdd", 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{strings.Repeat("\xaa", 131), "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	} {
		if got, _ := ask(t, "hmac_sha256", c.key, c.message); hex.EncodeToString([]byte(got)) != c.want {
			t.Errorf("HMAC of %q = %x, want %s", c.message, got, c.want)
		}
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	for n, length := range map[string]int{"1": 1, "32": 32, "4096": 4096} {
		a, _ := ask(t, "random", n)
		b, _ := ask(t, "random", n)
		if len(a) != length || length > 8 && a == b {
			t.Errorf("random %s gave %d bytes, twice the same: %t", n, len(a), a == b)
		}
	}
	for _, n := range []string{"0", "-1", "4097", "", "x", "1e3", "99999999999999999999", "16 "} {
		if got, null := ask(t, "random", n); !null {
			t.Errorf("random %q gave %d bytes, want null", n, len(got))
		}
	}
}

// The examples of RFC 7515, appendices A.2 (RS256) and A.3 (ES256): their
// JWKs become PEM, and their signatures verify with it.
const (
	rfcClaims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	rsaInput  = "eyJhbGciOiJSUzI1NiJ9." + rfcClaims
	ecInput   = "eyJhbGciOiJFUzI1NiJ9." + rfcClaims
	rsaN      = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
	rsaSig    = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
	ecX       = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
	ecY       = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
	ecSig     = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)

func TestRFC7515(t *testing.T) {
	t.Parallel()
	rsaPEM, _ := ask(t, "jwk_rsa_to_pem", unbase64(t, rsaN), unbase64(t, "AQAB"))
	ecPEM, _ := ask(t, "jwk_ec_p256_to_pem", unbase64(t, ecX), unbase64(t, ecY))
	for _, c := range []struct{ name, input, signature, key string }{
		{"verify_rs256", rsaInput, unbase64(t, rsaSig), rsaPEM},
		{"verify_es256", ecInput, unbase64(t, ecSig), ecPEM},
	} {
		block, _ := pem.Decode([]byte(c.key))
		if block == nil {
			t.Fatalf("%s: the key is no PEM: %q", c.name, c.key)
		}
		spoilt := []byte(c.signature)
		spoilt[10] ^= 1
		for what, args := range map[string][]string{
			"PEM": {c.input, c.signature, c.key}, "DER": {c.input, c.signature, string(block.Bytes)},
		} {
			if got, _ := ask(t, c.name, args...); got != "1" {
				t.Errorf("%s with a key as %s: %q, want 1", c.name, what, got)
			}
		}
		for what, args := range map[string][]string{
			"another message": {c.input + "x", c.signature, c.key}, "a spoilt signature": {c.input, string(spoilt), c.key},
			"no signature": {c.input, "", c.key}, "a cut signature": {c.input, c.signature[1:], c.key},
			"a longer signature": {c.input, c.signature + "\x00", c.key}, "no key": {c.input, c.signature, ""},
			"a key cut short":  {c.input, c.signature, string(block.Bytes[:len(block.Bytes)-1])},
			"a NUL in the PEM": {c.input, c.signature, "\x00" + c.key[1:]}, "a private key's label": {c.input, c.signature, strings.ReplaceAll(c.key, "PUBLIC", "PRIVATE")},
			"too large a message": {strings.Repeat("x", MaxInput+1), c.signature, c.key},
		} {
			if got, null := ask(t, c.name, args...); got != "0" || null {
				t.Errorf("%s with %s: %q, null %t, want 0", c.name, what, got, null)
			}
		}
	}
	if got, _ := ask(t, "verify_rs256", ecInput, unbase64(t, ecSig), ecPEM); got != "0" {
		t.Error("RS256 takes an EC key")
	}
	if got, _ := ask(t, "verify_es256", rsaInput, unbase64(t, rsaSig), rsaPEM); got != "0" {
		t.Error("ES256 takes an RSA key")
	}
}

// Signatures as Project Wycheproof has them for ECDSA: numbers out of range
// and other encodings of good ones.
func TestHostileECDSA(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := ask(t, "jwk_ec_p256_to_pem", string(key.X.FillBytes(make([]byte, 32))), string(key.Y.FillBytes(make([]byte, 32))))
	digest := sha256.Sum256([]byte("m"))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	n := elliptic.P256().Params().N
	pair := func(r, s *big.Int) string {
		return string(r.FillBytes(make([]byte, 32))) + string(s.FillBytes(make([]byte, 32)))
	}
	if got, _ := ask(t, "verify_es256", "m", pair(r, s), public); got != "1" {
		t.Fatal("a good signature is refused")
	}
	der, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	zero, one := new(big.Int), big.NewInt(1)
	for name, signature := range map[string]string{
		"r and s zero": pair(zero, zero), "r zero": pair(zero, s), "s zero": pair(r, zero), "r and s one": pair(one, one),
		"r is n": pair(n, s), "s is n": pair(r, n), "r and s swapped": pair(s, r), "all ones": strings.Repeat("\xff", 64), "DER": string(der),
	} {
		if got, _ := ask(t, "verify_es256", "m", signature, public); got != "0" {
			t.Errorf("%s: %q, want 0", name, got)
		}
	}
}

func TestHostileRSA(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := func(k *rsa.PublicKey) string {
		der, err := x509.MarshalPKIXPublicKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return string(der)
	}
	digest := sha256.Sum256([]byte("m"))
	good, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	pss, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	noInfo, err := rsa.SignPKCS1v15(rand.Reader, key, 0, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := ask(t, "verify_rs256", "m", string(good), public(&key.PublicKey)); got != "1" {
		t.Fatal("a good signature is refused")
	}
	plusN := new(big.Int).Add(new(big.Int).SetBytes(good), key.N).Bytes()
	for name, signature := range map[string][]byte{
		"PSS": pss, "without DigestInfo": noInfo, "plus the modulus": plusN, "zero": make([]byte, 256), "one": append(make([]byte, 255), 1), "leading zero": append([]byte{0}, good...),
	} {
		if got, _ := ask(t, "verify_rs256", "m", string(signature), public(&key.PublicKey)); got != "0" {
			t.Errorf("%s: %q, want 0", name, got)
		}
	}
	even := rsa.PublicKey{N: new(big.Int).Add(key.N, big.NewInt(1)), E: 65537}
	for name, k := range map[string]*rsa.PublicKey{"even modulus": &even, "exponent 1": {N: key.N, E: 1}, "even exponent": {N: key.N, E: 4}} {
		if got, _ := ask(t, "verify_rs256", "m", string(good), public(k)); got != "0" {
			t.Errorf("%s: %q, want 0", name, got)
		}
	}
	// A 1024-bit key, made without its private half: the size is what is refused.
	small := rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537}
	if got, _ := ask(t, "verify_rs256", "m", string(good[:128]), public(&small)); got != "0" {
		t.Errorf("1024 bits: %q, want 0", got)
	}
}

func TestNullKeys(t *testing.T) {
	t.Parallel()
	n := unbase64(t, rsaN)
	for name, args := range map[string][]string{
		"exponent 0": {n, "\x00"}, "exponent 1": {n, "\x01"}, "even exponent": {n, "\x01\x00\x00"}, "no exponent": {n, ""}, "huge exponent": {n, "\x01\x00\x00\x00\x01"},
		"1024 bits": {n[:128], "\x01\x00\x01"}, "no modulus": {"", "\x01\x00\x01"}, "too large": {strings.Repeat("\xff", 2000), "\x01\x00\x01"},
	} {
		if got, null := ask(t, "jwk_rsa_to_pem", args...); !null {
			t.Errorf("RSA, %s: %q, want null", name, got)
		}
	}
	x, y := unbase64(t, ecX), unbase64(t, ecY)
	for name, args := range map[string][]string{"not on the curve": {x, x}, "short": {x[1:], y}, "long": {"\x00" + x, y}, "none": {"", ""}} {
		if got, null := ask(t, "jwk_ec_p256_to_pem", args...); !null {
			t.Errorf("EC, %s: %q, want null", name, got)
		}
	}
}

// What is not the protocol is null as well, and the limit is exact.
func TestProtocol(t *testing.T) {
	t.Parallel()
	if _, null := ask(t, "sha256", strings.Repeat("x", MaxInput)); null {
		t.Error("16 KB are refused")
	}
	for name, in := range map[string]string{
		"nothing": "", "no colon": "3", "no length": ":abc", "too short": "4:abc", "too long": "3:abcd", "negative": "-1:", "not a number": "x:abc",
		"one over the limit": fmt.Sprintf("%d:%s", MaxInput+1, strings.Repeat("x", MaxInput+1)), "endless digits": strings.Repeat("0", 100) + "1:a", "two arguments": "1:a1:b",
	} {
		if got, null := raw(t, "sha256", in); !null {
			t.Errorf("%s: %x, want null", name, got)
		}
	}
	for _, name := range []string{"", "sha512", "sha256 ", "../sha256"} {
		var out bytes.Buffer
		if known, _ := Run(name, strings.NewReader("1:a"), &out); known || out.Len() > 0 {
			t.Errorf("operation %q is known, or answered %q", name, out.String())
		}
	}
}

func FuzzRun(f *testing.F) {
	f.Add("sha256", "3:abc")
	f.Add("hmac_sha256", "1:a1:b")
	f.Add("verify_es256", "1:a2:bc3:def")
	f.Add("random", "2:16")
	f.Fuzz(func(t *testing.T, name, in string) {
		var out bytes.Buffer
		known, err := Run(name, strings.NewReader(in), &out)
		if err != nil || known == (out.Len() == 0) {
			t.Errorf("Run(%q) known %t, error %v, answer %q", name, known, err, out.String())
		}
	})
}

// The module itself, on the real ucode.
func TestModule(t *testing.T) {
	t.Parallel()
	root := openwrt.Copy(t)
	if err := lab.Build(root.Path("/www/cgi-bin/luci-sso"), lab.RealBuildFlags); err != nil {
		t.Fatal(err)
	}
	repository, err := lab.Repository()
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(repository, "package/luci-sso/files/usr/share/ucode/luci_sso/native.uc"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/module.uc")
	if err != nil {
		t.Fatal(err)
	}
	root.WriteFile("/usr/share/ucode/luci_sso/native.uc", string(module))
	root.WriteFile("/tmp/module.uc", string(script))
	if out, err := root.Run("/usr/bin/ucode", "/tmp/module.uc"); err != nil || strings.TrimSpace(out) != "all right" {
		t.Errorf("the module says:\n%s%v", out, err)
	}
	left, err := filepath.Glob(root.Path("/var/run/luci-sso/.tmp-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("files are left behind: %v, %v", left, err)
	}
}
