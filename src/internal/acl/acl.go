// SPDX-License-Identifier: Apache-2.0

// Package acl owns the access groups of a router: the JSON files in which
// packages say what each group may do, and rpcd's rules by which the lists of
// a role select groups and become the grants of a session.
//
// What Grants returns is what rpcd gives a password login whose lists are the
// same. The package reads files; it does not know how a session gets grants,
// nor where roles come from.
package acl

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"luci-sso/internal/store"
)

// MaxFile is the largest file that is read, in bytes. The largest of LuCI's
// has 10 KB.
const MaxFile = 1 << 20

// Group is an access group as one file defines it. Several files may add to
// the group of one name.
type Group struct {
	Name        string
	Description string
	File        string // Name of the file without directory and ".json".
	// What the group grants to those who may read, and to those who may
	// write, in the order of the file. Empty when the file does not have the
	// permission, or no scope in it, which for rpcd is the same.
	Read, Write []Grant
}

// Grant allows one function on one object of a scope. Object and function can
// be patterns; rpcd matches them when access is tested.
type Grant struct{ Scope, Object, Function string }

// FileError says why a file was left out.
type FileError struct {
	File string // The path.
	Err  error
}

func (e FileError) Error() string { return e.File + ": " + e.Err.Error() }
func (e FileError) Unwrap() error { return e.Err }

// Skipped lists files that were left out, as rpcd does with a file it cannot
// parse. It is an error that leaves a usable result.
type Skipped []FileError

func (s Skipped) Error() string {
	switch len(s) {
	case 0:
		return "no file was left out"
	case 1:
		return s[0].Error()
	}
	return s[0].Error() + " (and " + strconv.Itoa(len(s)-1) + " more files)"
}

// ReadGroups reads the *.json files of a directory in the order of their
// names. The groups that could be read are always returned; the error is a
// Skipped, or what the system says about the directory.
//
// There is no cache. BenchmarkLogin200Files puts 200 files and their grants at
// 2.3 ms and 1.3 MB on a PC, once per login; all of LuCI's packages together
// have 114 files.
func ReadGroups(dir string) ([]Group, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var groups []Group
	var skipped Skipped
	var r reader
	buf := make([]byte, 0, 16<<10)
	for _, entry := range entries {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if !isJSON || strings.HasPrefix(name, ".") || name == "" {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		buf, err = readFile(path, entry.Type(), buf)
		if err == nil {
			groups, err = r.appendGroups(groups, name, string(buf))
		}
		if err != nil {
			skipped = append(skipped, FileError{path, err})
		}
	}
	if skipped != nil {
		return groups, skipped
	}
	return groups, nil
}

var errTooLarge = errors.New("the file is larger than 1 MB")

// readFile reads a regular file, into buf where that is large enough. Anything
// else, like a FIFO, could hold up a login for ever.
func readFile(path string, kind os.FileMode, buf []byte) ([]byte, error) {
	if !kind.IsRegular() {
		info, err := os.Stat(path) // A link may lead to a file.
		if err != nil {
			return buf, cause(err)
		}
		if !info.Mode().IsRegular() {
			return buf, errors.New("not a regular file")
		}
	}
	file, err := store.Open(path)
	if err != nil {
		return buf, cause(err)
	}
	defer file.Close()
	for buf = buf[:0]; ; {
		n, err := file.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, cause(err)
		case len(buf) > MaxFile:
			return buf, errTooLarge
		case len(buf) == cap(buf):
			buf = slices.Grow(buf, len(buf))
		}
	}
}

// cause takes the path out of an error that will name it anyway.
func cause(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// accessGroup is the scope in which a session finds the groups it has.
const accessGroup = "access-group"

// usualGrants is about what LuCI's own packages have.
const usualGrants = 256

// reader keeps the memory of one file for the next: what costs a login is less
// how much there is than how many sizes there are, each of which begins pages
// of its own.
type reader struct {
	json   jsonParser
	grants []Grant // Of all groups so far.
}

// appendGroups adds the groups of a file's text.
func (r *reader) appendGroups(groups []Group, file, text string) ([]Group, error) {
	root, err := r.json.parse(text)
	if err != nil {
		return groups, err
	}
	if root.kind != kindObject {
		return groups, errors.New("the file does not contain a JSON object")
	}
	for _, entry := range root.children {
		if entry.kind != kindObject {
			continue
		}
		group := Group{Name: entry.key, File: file}
		for _, member := range entry.children {
			switch {
			case member.kind == kindString && member.key == "description":
				group.Description = member.text
			case member.kind == kindObject && member.key == "read":
				group.Read = r.permission(entry.key, &member)
			case member.kind == kindObject && member.key == "write":
				group.Write = r.permission(entry.key, &member)
			}
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// permission lists what a "read" or "write" object grants. A scope is an
// object of arrays, {"ubus": {"system": ["board", "info"]}}, or an array,
// {"uci": ["network"]}, where the permission's name is the function.
func (r *reader) permission(group string, perm *node) []Grant {
	if r.grants == nil {
		r.grants = make([]Grant, 0, usualGrants)
	}
	grants := r.grants
	before := len(grants)
	for _, scope := range perm.children {
		switch scope.kind {
		case kindObject:
			for _, object := range scope.children {
				if object.kind != kindArray {
					continue
				}
				for _, function := range object.children {
					if function.kind == kindString {
						grants = append(grants, Grant{scope.key, object.key, function.text})
					}
				}
			}
		case kindArray:
			for _, object := range scope.children {
				if object.kind == kindString {
					grants = append(grants, Grant{scope.key, object.text, perm.key})
				}
			}
		}
	}
	// rpcd names the group while it goes through the scopes: any will do, also
	// one that grants nothing, but without one the group is not named.
	if len(perm.children) > 0 {
		grants = append(grants, Grant{accessGroup, group, perm.key})
	}
	r.grants = grants
	return grants[before:len(grants):len(grants)]
}

// Description is what there is to know about a group by name, from all files.
type Description struct {
	Name        string
	Description string   // The first one given; "" when there is none.
	Files       []string // Their names without directory and ".json", which are mostly those of packages.
	Read, Write bool     // Whether there is something to be read or written.
}

// Describe lists the groups in the order of their first appearance.
func Describe(groups []Group) []Description {
	var list []Description
	index := map[string]int{}
	for _, g := range groups {
		i, ok := index[g.Name]
		if !ok {
			i = len(list)
			index[g.Name] = i
			list = append(list, Description{Name: g.Name})
		}
		d := &list[i]
		if d.Description == "" {
			d.Description = g.Description
		}
		d.Files = append(d.Files, g.File)
		d.Read = d.Read || len(g.Read) > 0
		d.Write = d.Write || len(g.Write) > 0
	}
	return list
}
