// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"

	ubus "github.com/openwrt/ubus-go"
)

// setupRights grants what the access groups give a login. l nil is the
// default session, which gets the group `unauthenticated`.
func (r *RPCD) setupRights(s *session, l *login) {
	files, err := filepath.Glob(filepath.Join(globQuote(r.path("/usr/share/rpcd/acl.d")), "*.json"))
	if err != nil {
		return
	}
	sort.Strings(files)
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), ".") {
			continue // The shell's glob passes over hidden files.
		}
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		groups, err := parseJSON(content)
		if err != nil {
			continue // rpcd complains and goes on with the next file.
		}
		setupFile(s, l, groups)
	}
}

// globQuote keeps a root directory with wildcards in its name from matching
// something else.
func globQuote(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

func setupFile(s *session, l *login, groups ubus.Ordered) {
	for _, group := range groups {
		perms, _ := group.Value.(ubus.Ordered)
		for _, perm := range perms {
			scopes, ok := perm.Value.(ubus.Ordered)
			if !ok || perm.Name != "read" && perm.Name != "write" || !l.permits(perm.Name, group.Name) {
				continue
			}
			for _, scope := range scopes {
				setupScope(s, perm.Name, scope)
				// For each scope, so a permission without scopes is none.
				s.grant("access-group", group.Name, perm.Name)
			}
		}
	}
}

// setupScope takes both notations: a table of objects with their functions,
// or a list of objects whose function is the permission.
func setupScope(s *session, perm string, scope ubus.Pair) {
	switch objects := scope.Value.(type) {
	case ubus.Ordered:
		for _, object := range objects {
			functions, _ := object.Value.([]any)
			for _, function := range functions {
				if name, ok := function.(string); ok {
					s.grant(scope.Name, object.Name, name)
				}
			}
		}
	case []any:
		for _, object := range objects {
			if name, ok := object.(string); ok {
				s.grant(scope.Name, name, perm)
			}
		}
	}
}

var errNoObject = errors.New("the file is no JSON object")

// parseJSON reads an object with the order of its members kept. What follows
// it in the file does not matter to rpcd.
func parseJSON(content []byte) (ubus.Ordered, error) {
	dec := json.NewDecoder(bytes.NewReader(content))
	v, err := jsonValue(dec, 1)
	if err != nil {
		return nil, err
	}
	o, ok := v.(ubus.Ordered)
	if !ok {
		return nil, errNoObject
	}
	return o, nil
}

func jsonValue(dec *json.Decoder, depth int) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if depth > 32 {
		return nil, errors.New("nested too deeply")
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			return jsonArray(dec, depth)
		}
		return jsonObject(dec, depth)
	case string:
		return cString(token), nil
	}
	return token, nil
}

func jsonArray(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := jsonValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

// jsonObject: a member that appears again replaces the first in its place.
func jsonObject(dec *json.Decoder, depth int) (any, error) {
	o := ubus.Ordered{}
	at := map[string]int{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name := cString(key.(string))
		v, err := jsonValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if i, again := at[name]; again {
			o[i].Value = v
			continue
		}
		at[name] = len(o)
		o = append(o, ubus.Pair{Name: name, Value: v})
	}
	_, err := dec.Token()
	return o, err
}

// cString is what a C program sees of a string.
func cString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}
