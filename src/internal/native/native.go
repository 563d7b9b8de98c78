// SPDX-License-Identifier: Apache-2.0

// Package native owns the cryptography that ucode programs borrow from this
// binary: the functions of the ucode module luci_sso.native, one process call
// each. It decides nothing about logins; who may sign what is package oidc's.
//
// The arguments come on standard input, each as its length in decimal, a
// colon and the bytes, so that any byte may be in them and none of them is
// ever seen in a list of processes. The answer on standard output is "+" and
// the raw result, "1" or "0" for a verification, or "-" for null: bad input
// is an answer and never a failure.
package native

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"strconv"

	"luci-sso/internal/oidc"
	"luci-sso/internal/random"
)

// Limits of the arguments and of random.
const (
	MaxInput  = 16 << 10 // bytes of each argument
	MaxRandom = 4096     // bytes
)

// operation takes its arguments and answers; ok is false for null.
type operation struct {
	arguments int
	verifies  bool // The answer to bad input is "0" and not null.
	run       func(args [][]byte) (result []byte, ok bool)
}

var operations = map[string]operation{
	"sha256":             {1, false, sum},
	"hmac_sha256":        {2, false, mac},
	"random":             {1, false, randomBytes},
	"verify_rs256":       {3, true, verifyRS256},
	"verify_es256":       {3, true, verifyES256},
	"jwk_rsa_to_pem":     {2, false, rsaToPEM},
	"jwk_ec_p256_to_pem": {2, false, p256ToPEM},
}

// Run answers one call. It reports whether the operation exists; only then
// has it written anything.
func Run(name string, in io.Reader, out io.Writer) (known bool, err error) {
	op, known := operations[name]
	if !known {
		return false, nil
	}
	answer := []byte("-")
	if op.verifies {
		answer = []byte("+0")
	}
	if args, ok := read(in, op.arguments); ok {
		if result, ok := op.run(args); ok {
			answer = append([]byte("+"), result...)
		}
	}
	_, err = out.Write(answer)
	return true, err
}

// read takes exactly n arguments.
func read(in io.Reader, n int) (args [][]byte, ok bool) {
	r := bufio.NewReader(io.LimitReader(in, int64(n)*(MaxInput+8)))
	for range n {
		length, ok := readLength(r)
		if !ok {
			return nil, false
		}
		arg := make([]byte, length)
		if _, err := io.ReadFull(r, arg); err != nil {
			return nil, false
		}
		args = append(args, arg)
	}
	_, err := r.ReadByte()
	return args, err == io.EOF
}

func readLength(r *bufio.Reader) (length int, ok bool) {
	for digits := 0; digits <= 5; digits++ {
		c, err := r.ReadByte()
		switch {
		case err != nil:
			return 0, false
		case c == ':':
			return length, digits > 0 && length <= MaxInput
		case c < '0' || c > '9':
			return 0, false
		}
		length = length*10 + int(c-'0')
	}
	return 0, false
}

func sum(args [][]byte) ([]byte, bool) {
	digest := sha256.Sum256(args[0])
	return digest[:], true
}

// mac is HMAC-SHA256 of the second argument under the first (RFC 2104).
func mac(args [][]byte) ([]byte, bool) {
	h := hmac.New(sha256.New, args[0])
	h.Write(args[1])
	return h.Sum(nil), true
}

func randomBytes(args [][]byte) ([]byte, bool) {
	n, err := strconv.Atoi(string(args[0]))
	if err != nil || n < 1 || n > MaxRandom {
		return nil, false
	}
	b, err := random.Bytes(n)
	return b, err == nil
}

func verdict(valid bool) ([]byte, bool) {
	if valid {
		return []byte("1"), true
	}
	return []byte("0"), true
}

// verifyRS256 is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
func verifyRS256(args [][]byte) ([]byte, bool) {
	key, ok := publicKey(args[2]).(*rsa.PublicKey)
	if !ok {
		return nil, false
	}
	// The same rules for keys as for those of a provider.
	key, err := oidc.RSAKey(key.N.Bytes(), big.NewInt(int64(key.E)).Bytes())
	if err != nil {
		return nil, false
	}
	digest := sha256.Sum256(args[0])
	return verdict(rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], args[1]) == nil)
}

// verifyES256 is ECDSA on P-256 with SHA-256; the signature is r and s, 32
// bytes each (RFC 7518 §3.4).
func verifyES256(args [][]byte) ([]byte, bool) {
	key, ok := publicKey(args[2]).(*ecdsa.PublicKey)
	if !ok || key.Curve.Params().BitSize != 256 || len(args[1]) != 64 {
		return nil, false
	}
	key, err := oidc.P256Key(key.X.FillBytes(make([]byte, 32)), key.Y.FillBytes(make([]byte, 32)))
	if err != nil {
		return nil, false
	}
	digest := sha256.Sum256(args[0])
	r, s := new(big.Int).SetBytes(args[1][:32]), new(big.Int).SetBytes(args[1][32:])
	return verdict(ecdsa.Verify(key, digest[:], r, s))
}

// publicKey reads a SubjectPublicKeyInfo, in DER or as PEM; nil when it is
// none.
func publicKey(text []byte) crypto.PublicKey {
	if block, _ := pem.Decode(text); block != nil {
		if block.Type != "PUBLIC KEY" {
			return nil
		}
		text = block.Bytes
	}
	key, err := x509.ParsePKIXPublicKey(text)
	if err != nil {
		return nil
	}
	return key
}

func rsaToPEM(args [][]byte) ([]byte, bool) {
	key, err := oidc.RSAKey(args[0], args[1])
	if err != nil {
		return nil, false
	}
	return toPEM(key)
}

func p256ToPEM(args [][]byte) ([]byte, bool) {
	key, err := oidc.P256Key(args[0], args[1])
	if err != nil {
		return nil, false
	}
	return toPEM(key)
}

func toPEM(key crypto.PublicKey) ([]byte, bool) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, false
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), true
}
