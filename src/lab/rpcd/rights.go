// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"sort"
	"strings"

	ubus "github.com/openwrt/ubus-go"
)

// rights are the permissions of one scope, in the order rpcd keeps them: by
// the part of the object before its first wildcard, then as granted.
type rights []right

type right struct{ key, object, function string }

func (s *session) grant(scope, object, function string) {
	list := s.rights[scope]
	for _, have := range list {
		if have.object == object && have.function == function {
			return
		}
	}
	key := object
	if i := strings.IndexAny(object, "*?["); i >= 0 {
		key = object[:i]
	}
	at := sort.Search(len(list), func(i int) bool { return list[i].key > key })
	list = append(list, right{})
	copy(list[at+1:], list[at:])
	list[at] = right{key, object, function}
	s.rights[scope] = list
}

func (s *session) revoke(scope, object, function string) {
	var left rights
	for _, have := range s.rights[scope] {
		if have.object != object || have.function != function {
			left = append(left, have)
		}
	}
	if left == nil {
		delete(s.rights, scope)
		return
	}
	s.rights[scope] = left
}

// allow matches without escapes, unlike the patterns of a login entry.
func (list rights) allow(object, function string) bool {
	for _, have := range list {
		if match(have.object, object, false) && match(have.function, function, false) {
			return true
		}
	}
	return false
}

// dumpRights writes scope → object → functions. An object whose functions are
// not neighbours in rpcd's order appears more than once.
func (s *session) dumpRights() ubus.Ordered {
	scopes := make([]string, 0, len(s.rights))
	for scope := range s.rights {
		scopes = append(scopes, scope)
	}
	sort.Strings(scopes)
	out := ubus.Ordered{}
	for _, scope := range scopes {
		objects := ubus.Ordered{}
		for _, have := range s.rights[scope] {
			last := len(objects) - 1
			if last < 0 || objects[last].Name != have.object {
				objects = append(objects, ubus.Pair{Name: have.object, Value: []string(nil)})
				last++
			}
			objects[last].Value = append(objects[last].Value.([]string), have.function)
		}
		out = append(out, ubus.Pair{Name: scope, Value: objects})
	}
	return out
}

func (list rights) pairs() [][2]string {
	out := make([][2]string, 0, len(list))
	for _, have := range list {
		out = append(out, [2]string{have.object, have.function})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i][0] != out[j][0] {
			return out[i][0] < out[j][0]
		}
		return out[i][1] < out[j][1]
	})
	return out
}
