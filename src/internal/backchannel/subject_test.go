// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/rand"
	"strings"
	"testing"
)

// What a certificate's subject is decides what else of it is looked at: not
// more than that where it is another one, and all of it where it may be the
// one. That holds for every certificate that is written as such files are.
func TestOtherCertificatesArePassedOver(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1)) // #nosec G404 -- a test's certificates
	u := newUniverse(t, random, testKeys(t))
	versions, passed := map[int]int{}, 0
	for _, one := range u.authorities {
		versions[one.Version]++
		for _, width := range []int{64, 76} {
			block := []byte(wide(base64.StdEncoding.EncodeToString(one.Raw), width))
			if begin, end, is := firstBlock(append(block, "more of the file"...)); begin != 0 || end != len(block) || is != whole {
				t.Fatalf("%d, %d, %v: not one whole block:\n%s", begin, end, is, block)
			}
			for _, name := range u.authorities {
				want := !bytes.Equal(name.RawSubject, one.RawSubject)
				unknown := []byte("\x30\x02\x31\x00")
				if got := other(block, [][]byte{unknown, name.RawSubject}); got != want {
					t.Fatalf("version %d, %q, width %d: another than %q: %t, want %t", one.Version, one.RawSubject, width, name.RawSubject, got, want)
				}
				if want {
					passed++
				}
			}
		}
	}
	if versions[1] < 3 || versions[3] < 3 || passed < 1000 {
		t.Errorf("%v certificates, %d passed over: they show nothing", versions, passed)
	}
}

// A blank counts for nothing in base64, and what stands behind it is not where
// it would be without. A certificate with one anywhere is never passed over,
// although every line of it is as wide as the others.
func TestABlankShiftsNothing(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(3)) // #nosec G404 -- a test's certificates
	for _, one := range newUniverse(t, random, testKeys(t)).authorities[:20] {
		encoded := base64.StdEncoding.EncodeToString(one.Raw)
		for _, blank := range []string{" ", "\t", "\r", "\n", "    ", " \t\r\n"} {
			for at := range encoded {
				block := []byte(wide(encoded[:at]+blank+encoded[at:], 64))
				if other(block, [][]byte{one.RawSubject}) {
					t.Fatalf("%q at %d: the certificate of %q is passed over", blank, at, one.RawSubject)
				}
			}
		}
		// A line that ends early, and the next one late.
		for at := len(beginLine) + 1 + 2*65 - 1; at < len(beginLine)+len(encoded); at += 65 {
			for _, by := range []int{1, 4, 60} {
				block := []byte(wide(encoded, 64))
				copy(block[at-by+1:at+1], block[at-by:at])
				block[at-by] = '\n'
				if other(block, [][]byte{one.RawSubject}) {
					t.Fatalf("a line ends %d earlier: the certificate of %q is passed over", by, one.RawSubject)
				}
			}
		}
	}
}

// A file that cannot be read to its end vouches for nobody, wherever it breaks
// off: what was read of it may not be what somebody wrote.
func TestAStoreThatBreaksOffTrustsNobody(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(2)) // #nosec G404 -- a test's certificates
	u := newUniverse(t, random, testKeys(t))
	var plain []byte
	for _, one := range u.authorities[:12] {
		plain = append(plain, wide(base64.StdEncoding.EncodeToString(one.Raw), 64)...)
	}
	subject := u.authorities[0].RawSubject
	broken := errors.New("the flash cannot be read")
	for what, text := range map[string][]byte{"plain": plain, "odd": append([]byte("subject=/CN=x -----\n"), plain...)} {
		for _, names := range [][][]byte{nil, {subject}} {
			read := func(text io.Reader) (*store, error) {
				s := &store{text: bufio.NewReaderSize(text, 1500), names: names}
				return s, s.scan()
			}
			if s, err := read(bytes.NewReader(text)); err != nil || len(s.found) == 0 {
				t.Fatalf("%s: read to its end: %d found, %v", what, len(s.found), err)
			}
			for length := 0; length <= len(text); length += 97 {
				s, err := read(io.MultiReader(bytes.NewReader(text[:length]), failing{broken}))
				if !errors.Is(err, broken) || len(s.found) > 0 {
					t.Fatalf("%s, %d names: broken off behind %d of %d bytes: %d found, %v", what, len(names), length, len(text), len(s.found), err)
				}
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The certificate itself, of a file that was there a moment ago, counts no more.
func TestAFileThatCannotBeOpenedAddsNothing(t *testing.T) {
	t.Parallel()
	worlds(t, 20, func(world int, _ *rand.Rand, trust Trust, peer []*x509.Certificate, _ *member) {
		s := new(store)
		if trust.usable(s) != nil {
			return
		}
		pool := x509.NewCertPool()
		s.add(pool, trust.Bundle+".gone", [][]byte{peer[0].RawIssuer})
		if len(s.found) > 0 || !pool.Equal(x509.NewCertPool()) {
			t.Fatalf("world %d: what was found in one file is added for another", world)
		}
	})
}

// What can be read in two ways is left to encoding/pem, whose versions differ.
func TestABlockIsReadInOneWayOnly(t *testing.T) {
	t.Parallel()
	const more = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
	for text, want := range map[string]shape{
		more:                                     whole,
		"# a comment\n" + more:                   whole,
		strings.ReplaceAll(more, "\n", "\r\n"):   whole,
		more[:len(more)-1]:                       cut,
		more[:30]:                                cut,
		"":                                       cut,
		" " + more:                               odd,
		"# -----\n" + more:                       odd,
		strings.Replace(more, "\n---", "---", 1): odd,
		strings.Replace(more, "MIIB\n", "", 1):   odd,
		strings.Replace(more, "IIB", "-IB", 1):   odd,
		strings.Replace(more, "-\n", "- \n", 1):  odd,
	} {
		for _, behind := range []string{"", more} {
			if want == cut && behind != "" || want == whole && behind == "" {
				continue // At the end of a file the last line may go on.
			}
			if _, end, got := firstBlock([]byte(text + behind)); got != want || got == whole && end != len(text) {
				t.Errorf("%q: %v to %d, want %v", text+behind, got, end, want)
			}
		}
	}
}
