// SPDX-License-Identifier: Apache-2.0

// Package uci owns OpenWrt's configuration files: it reads them with libuci's
// grammar, the same file giving the same sections, and edits single sections
// of a file without touching another byte of it.
//
// It knows no option by name and reads no staged changes: what it sees is what
// is committed. A file with a syntax error yields no package at all, never a
// part of one.
package uci

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"

	"luci-sso/internal/store"
)

// MaxSize is the largest file that is read, in bytes. A router's whole
// configuration is a fraction of it.
const MaxSize = 1 << 20

// ErrTooLarge says that a file exceeds MaxSize.
var ErrTooLarge = errors.New("the file is larger than 1 MB")

// SyntaxError says where a file leaves the grammar.
type SyntaxError struct {
	Path    string // The file; "" when Parse was given bytes.
	Line    int    // Counted from 1. For an unterminated quote: where it opens.
	Message string
}

// Error reads "path, line N: message".
func (e *SyntaxError) Error() string {
	where := "line " + strconv.Itoa(e.Line) + ": " + e.Message
	if e.Path == "" {
		return where
	}
	return e.Path + ", " + where
}

// Package is the content of one file.
type Package struct {
	Sections []Section // In the order of their first appearance.
}

// Section is one `config` section. Parts of a file that repeat type and name
// of an earlier section have been merged into it.
type Section struct {
	Type      string
	Name      string // An anonymous section has the name libuci generates: cfg<number><hash>.
	Anonymous bool
	Options   []Option // One per name, in the order of first appearance.
	Line      int      // Of the first `config` line.
}

// Option is an option or a list of a section.
type Option struct {
	Name   string
	Values []string // Exactly one unless List.
	List   bool
	Line   int // Where it got its present value; for a list its first element.
}

// Lookup finds the section with this name.
func (p *Package) Lookup(name string) (*Section, bool) {
	for i := range p.Sections {
		if p.Sections[i].Name == name {
			return &p.Sections[i], true
		}
	}
	return nil, false
}

// Lookup finds the option or list with this name.
func (s *Section) Lookup(name string) (*Option, bool) {
	for i := range s.Options {
		if s.Options[i].Name == name {
			return &s.Options[i], true
		}
	}
	return nil, false
}

// Get returns the value of an option. A list has none, nor has an option that
// the file sets to the empty string: for libuci that is the same as not set.
func (s *Section) Get(name string) (string, bool) {
	option, ok := s.Lookup(name)
	if !ok || option.List {
		return "", false
	}
	return option.Values[0], true
}

// List returns the elements of a list. An option counts as a list of one.
func (s *Section) List(name string) []string {
	option, ok := s.Lookup(name)
	if !ok {
		return nil
	}
	return option.Values
}

// Load reads the file at path. The error is a *SyntaxError, ErrTooLarge or
// what the system said.
func Load(path string) (*Package, error) {
	file, err := store.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := readAll(file, path)
	if err != nil {
		return nil, err
	}
	pkg, err := Parse(data)
	return pkg, at(path, err)
}

// readAll reads an open regular file within MaxSize.
func readAll(file *os.File, path string) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	var data bytes.Buffer
	// In one piece: growing step by step begins pages for each size.
	data.Grow(int(min(info.Size(), MaxSize)) + bytes.MinRead)
	if _, err := data.ReadFrom(io.LimitReader(file, MaxSize+1)); err != nil {
		return nil, err
	}
	if data.Len() > MaxSize {
		return nil, &os.PathError{Op: "read", Path: path, Err: ErrTooLarge}
	}
	return data.Bytes(), nil
}

// at puts the file's path into a syntax error.
func at(path string, err error) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		syntax.Path = path
	}
	return err
}
