// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// explained compares the explanations that the table of providers begins with
// with the keys it can have, and with the facts that it has.
func (p providers) explained() error {
	known := map[string]bool{}
	keysOf(reflect.TypeOf(p), "", known)
	for _, row := range p.all() {
		for name := range row.Facts {
			known["facts."+name] = true
		}
	}
	delete(known, "keys")
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if p.Keys[key] == "" {
			return fmt.Errorf("%s: keys says nothing of %s", providerTable, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Keys)) {
		if !known[key] {
			return fmt.Errorf("%s: keys explains %s, which there is not", providerTable, key)
		}
	}
	return nil
}

// keysOf adds the keys of a type's JSON, those within as outer.inner.
func keysOf(t reflect.Type, within string, known map[string]bool) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _ := keyOf(field)
		if name == "" {
			name = strings.ToLower(field.Name)
		}
		known[within+name] = true
		keysOf(field.Type, within+name+".", known)
	}
}
