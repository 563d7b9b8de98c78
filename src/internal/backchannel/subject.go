// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bytes"
	"encoding/base64"
)

// lines is base64 in lines of one width, so that each byte can be had without
// decoding those before it.
type lines struct {
	text  []byte
	width int
	group int // Of three bytes, which are decoded: the next one's number.
	three [3]byte
}

// at returns the byte at an offset of what is encoded, or -1.
func (l *lines) at(offset int) int {
	if group := offset / 3; group != l.group-1 {
		begin := group * 4
		begin += begin / l.width
		if begin+4 > len(l.text) {
			return -1
		}
		l.group = group + 1
		if n, _ := base64.StdEncoding.Decode(l.three[:], l.text[begin:begin+4]); n < 3 {
			l.group = 0
			return -1
		}
	}
	return int(l.three[offset%3])
}

// element returns where the content of the element of DER at an offset begins
// and ends, or 0 for another tag and for what cannot be read.
func (l *lines) element(offset int, tag byte) (begin, end int) {
	length := l.at(offset + 1)
	if l.at(offset) != int(tag) {
		return 0, 0
	}
	begin = offset + 2
	if length >= 0x80 {
		count := length - 0x80
		if count > 2 { // 64 KB are enough for what is looked into here.
			return 0, 0
		}
		length = 0
		for ; count > 0; count-- {
			length = length<<8 | l.at(begin)
			begin++
		}
	}
	if length < 0 {
		return 0, 0
	}
	return begin, begin + length
}

// other reports whether a whole block certainly has no certificate with one of
// the names as its subject: only its beginning is looked into (RFC 5280 §4.1).
//
// Base64 may have blanks and line ends anywhere, and one more than is known of
// would shift what is looked at. There is none: a certificate says at its
// beginning how long it is, and there are as many characters as that takes. If
// not all of them count, crypto/x509 refuses the block for being cut.
func other(block []byte, names [][]byte) bool {
	text := block[len(beginLine)+1 : len(block)-len(endLine)-1]
	l := lines{text: text, width: bytes.IndexByte(text, '\n')}
	if l.width < 4 || l.width%4 != 0 || text[len(text)-1] != '\n' {
		return false
	}
	for end := l.width; end < len(text); end += l.width + 1 {
		if text[end] != '\n' {
			return false
		}
	}
	offset, end := l.element(0, 0x30)
	if offset == 0 || len(text)-(len(text)+l.width)/(l.width+1) != (end+2)/3*4 {
		return false
	}
	// TBSCertificate; of that version, which may be absent, serialNumber,
	// signature, issuer, validity.
	const tags = "\x30\xa0\x02\x30\x30\x30"
	for i := 0; i < len(tags); i++ {
		begin, end := l.element(offset, tags[i])
		switch {
		case i == 0:
			offset = begin
		case begin > 0 || i > 1:
			offset = end
		}
		if offset == 0 {
			return false
		}
	}
	for _, name := range names {
		same := 0
		for same < len(name) && l.at(offset+same) == int(name[same]) {
			same++
		}
		if same == len(name) {
			return false
		}
	}
	return true
}
