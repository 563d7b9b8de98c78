// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bufio"
	"bytes"
	"crypto/x509"
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
	names   [][]byte // The subjects that are looked for; nil for the first of any.
	found   []*x509.Certificate
	bundled bool // The system's bundle holds a certificate.
}

// usable reads the file at path to its end and reports whether it holds a
// certificate.
func (s *store) usable(path string) (bool, error) {
	err := s.read(path, nil)
	return len(s.found) > 0, err
}

// add adds those certificates of the file to the pool whose subject is one of
// names. From a file that cannot be read to its end it adds none.
func (s *store) add(pool *x509.CertPool, path string, names [][]byte) {
	_ = s.read(path, names)
	for _, certificate := range s.found {
		pool.AddCert(certificate)
	}
}

// read finds the certificates of the file at path whose subject is one of
// names, or the first of all where names is nil. Where the file cannot be read
// to its end, none is found.
func (s *store) read(path string, names [][]byte) error {
	s.names, s.found = names, nil
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
	return s.scan()
}

// scan reads the text to its end.
func (s *store) scan() (err error) {
	for s.wanting() {
		text, _ := s.text.Peek(s.text.Buffered())
		begin, end, shape := firstBlock(text)
		if shape == cut {
			// There may be more of it in the file.
			before := len(text)
			text, err = s.text.Peek(s.text.Size())
			if err != nil && !errors.Is(err, io.EOF) {
				break
			}
			if len(text) > before {
				continue
			}
		}
		if shape != whole {
			if text, err = io.ReadAll(s.text); err == nil {
				s.each(text)
			}
			break
		}
		if s.names == nil || !other(text[begin:end], s.names) {
			s.each(text[begin:end])
		}
		_, _ = s.text.Discard(end) // It is buffered.
	}
	for err == nil { // To the end, to know that it can be read.
		_, _ = s.text.Discard(s.text.Buffered())
		_, err = s.text.Peek(1)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	s.found = nil
	return err
}

func (s *store) wanting() bool { return s.names != nil || len(s.found) == 0 }

// each does for text what CertPool.AppendCertsFromPEM does, but keeps what is
// looked for.
func (s *store) each(text []byte) {
	for len(text) > 0 && s.wanting() {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		wanted := s.names == nil
		for _, name := range s.names {
			wanted = wanted || bytes.Equal(name, certificate.RawSubject)
		}
		if wanted {
			s.found = append(s.found, certificate)
		}
	}
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
