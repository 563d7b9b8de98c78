// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// A file of certificates has some 144 of them, and one connection needs one.
// To parse them all would be the largest part of a callback on a router. So
// scan looks only at the subject of each and hands over those that somebody
// wants. The rule that keeps this exact: what scan passes over is plainly one
// whole PEM block with another subject. Everything else, odd or damaged, goes
// through encoding/pem and crypto/x509 as CertPool.AppendCertsFromPEM does it.

// maxPEM is the largest file of certificates read, in bytes. Mozilla's bundle
// has 0.2 MB.
const maxPEM = 4 << 20

// window is how much of a file is in memory at a time, in bytes. A block that
// is larger, or that stands behind so much of a comment, is still read, but
// with the rest of its file in memory.
const window = 8 << 10

// openPEM opens a regular file. The path may be an option's, hence anything:
// a device without an end, or a pipe, on which opening alone would wait.
func openPEM(path string) (file *os.File, size int64, err error) {
	file, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxPEM) {
		err = fmt.Errorf("%s is not a file of at most %d bytes", path, maxPEM)
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// readPEM reads such a file as a whole.
func readPEM(path string) ([]byte, error) {
	file, size, err := openPEM(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// At once, as growing step by step takes twice the memory.
	data := make([]byte, size)
	n, err := io.ReadFull(file, data)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // It became shorter meanwhile.
	}
	return data[:n], err
}

// store reads files of certificates. Its buffer is used for one after the
// other.
type store struct {
	text    *bufio.Reader
	der     []byte
	bundled bool // The system's bundle holds a certificate.
}

// usable reads the file at path to its end and reports whether it holds a
// certificate.
func (s *store) usable(path string) (found bool, err error) {
	err = s.open(path, func() error {
		return s.scan(func([]byte) bool { return true }, func(*x509.Certificate) bool {
			found = true
			return false
		})
	})
	return found && err == nil, err
}

// add adds those certificates of the file to the pool whose subject is one of
// names. From a file that cannot be read to its end it adds none.
func (s *store) add(pool *x509.CertPool, path string, names [][]byte) error {
	var found []*x509.Certificate
	wanted := func(subject []byte) bool {
		for _, name := range names {
			if bytes.Equal(name, subject) {
				return true
			}
		}
		return false
	}
	err := s.open(path, func() error {
		return s.scan(wanted, func(certificate *x509.Certificate) bool {
			found = append(found, certificate)
			return true
		})
	})
	if err != nil {
		return err
	}
	for _, certificate := range found {
		pool.AddCert(certificate)
	}
	return nil
}

// open runs read with the file at path as the text.
func (s *store) open(path string, read func() error) error {
	file, size, err := openPEM(path)
	if err != nil {
		return err
	}
	defer file.Close()
	text := io.LimitReader(file, size)
	if s.text == nil {
		s.text = bufio.NewReaderSize(text, window)
	} else {
		s.text.Reset(text)
	}
	return read()
}

// scan calls take, in their order, for the certificates whose subject is
// wanted, until it returns false, and reads the text to its end in any case.
func (s *store) scan(wanted func(subject []byte) bool, take func(*x509.Certificate) bool) error {
	more := true
	for more {
		text, _ := s.text.Peek(s.text.Buffered())
		begin, end, shape := firstBlock(text)
		if shape == cut {
			// There may be more of it in the file.
			before := len(text)
			var err error
			text, err = s.text.Peek(s.text.Size())
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if len(text) > before {
				continue
			}
		}
		if shape != whole {
			break
		}
		if subject := s.subject(text[begin:end]); subject == nil || wanted(subject) {
			more = each(text[begin:end], wanted, take)
		}
		_, _ = s.text.Discard(end) // It is buffered.
	}
	for !more { // To the end, to know that it can be read.
		if _, err := s.text.Peek(1); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		_, _ = s.text.Discard(s.text.Buffered())
	}
	rest, err := io.ReadAll(s.text)
	if err == nil {
		each(rest, wanted, take)
	}
	return err
}

// each does for text what CertPool.AppendCertsFromPEM does, but calls take.
func each(text []byte, wanted func(subject []byte) bool, take func(*x509.Certificate) bool) (more bool) {
	for len(text) > 0 {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err == nil && wanted(certificate.RawSubject) && !take(certificate) {
			return false
		}
	}
	return true
}

// shape is what a text begins with.
type shape int

const (
	odd   shape = iota // Nothing firstBlock can judge.
	cut                // Something that more text could make whole.
	whole              // One block that encoding/pem finds or refuses as one.
)

const (
	dashes    = "-----"
	beginLine = "-----BEGIN CERTIFICATE-----"
	endLine   = "-----END CERTIFICATE-----"
)

// firstBlock finds the first PEM block of a text: its lines are
// text[begin:end]. Only when there is exactly one way to read it, whatever the
// version of encoding/pem, it is whole: nothing that looks like a block stands
// before it, and no dash within.
func firstBlock(text []byte) (begin, end int, is shape) {
	begin = bytes.Index(text, []byte(dashes))
	if begin < 0 {
		return 0, 0, cut
	}
	if begin > 0 && text[begin-1] != '\n' {
		return 0, 0, odd
	}
	body, is := after(text[begin:], beginLine)
	if is != whole {
		return 0, 0, is
	}
	body += begin
	length := bytes.IndexByte(text[body:], '-')
	if length < 0 {
		return 0, 0, cut
	}
	last := body + length
	if length == 0 || text[last-1] != '\n' {
		return 0, 0, odd
	}
	size, is := after(text[last:], endLine)
	return begin, last + size, is
}

// after returns the length of text's first line, which is to be line.
func after(text []byte, line string) (length int, is shape) {
	if len(text) < len(line)+len("\r\n") {
		// At the end of a file the line may have no end; see to that when
		// there is certainly no more.
		return 0, cut
	}
	if string(text[:len(line)]) != line {
		return 0, odd
	}
	switch text = text[len(line):]; {
	case text[0] == '\n':
		return len(line) + 1, whole
	case text[0] == '\r' && text[1] == '\n':
		return len(line) + 2, whole
	}
	return 0, odd
}

// subject returns the subject of the certificate in a whole block, or nil
// where the first bytes do not say: only these are decoded. It is the one that
// crypto/x509 finds if that accepts the certificate.
func (s *store) subject(block []byte) []byte {
	const most = 1024 // Characters: issuer, validity and subject are in half of it for nearly all.
	if s.der == nil {
		s.der = make([]byte, base64.StdEncoding.DecodedLen(most))
	}
	for enough := most / 2; enough <= most; enough *= 2 {
		body := block[len(beginLine):]
		if len(body) > enough {
			body = body[:enough]
		}
		n, _ := base64.StdEncoding.Decode(s.der, body) // Cut anywhere; the bytes before the error count.
		if subject := subjectOf(s.der[:n]); subject != nil {
			return subject
		}
	}
	return nil
}

// subjectOf walks the beginning of a certificate (RFC 5280 §4.1) to its
// subject, and returns this with tag and length.
func subjectOf(der []byte) []byte {
	const (
		integer  = 0x02
		sequence = 0x30
		version  = 0xa0
	)
	_, der, ok := enter(der, sequence) // Certificate
	if ok {
		_, der, ok = enter(der, sequence) // TBSCertificate
	}
	if ok && len(der) > 0 && der[0] == version {
		_, der, ok = skip(der, version)
	}
	for _, tag := range [...]byte{integer, sequence, sequence, sequence} { // serialNumber, signature, issuer, validity
		if ok {
			_, der, ok = skip(der, tag)
		}
	}
	if !ok {
		return nil
	}
	subject, _, ok := skip(der, sequence)
	if !ok {
		return nil
	}
	return subject
}

// enter reads tag and length of the first element of der and returns its
// length and what follows the length, which may be cut.
func enter(der []byte, tag byte) (length int, content []byte, ok bool) {
	if len(der) < 2 || der[0] != tag {
		return 0, nil, false
	}
	length, der = int(der[1]), der[2:]
	if length >= 0x80 {
		count := length - 0x80
		if count < 1 || count > 2 || len(der) < count { // 64 KB are enough for what is looked into here.
			return 0, nil, false
		}
		length = 0
		for _, b := range der[:count] {
			length = length<<8 | int(b)
		}
		der = der[count:]
	}
	return length, der, true
}

// skip splits der behind its first element, which has to be there wholly.
func skip(der []byte, tag byte) (element, rest []byte, ok bool) {
	length, content, ok := enter(der, tag)
	if !ok || length > len(content) {
		return nil, nil, false
	}
	size := len(der) - len(content) + length
	return der[:size], der[size:], true
}
