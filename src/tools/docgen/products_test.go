// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

// TestRecognisedRowsAreOfUse: what the router can never use is reported, and
// not left out without a word.
func TestRecognisedRowsAreOfUse(t *testing.T) {
	t.Parallel()
	for want, one := range map[string]product{
		"":                                 {Name: "A", Measured: "A 1", Asked: "A 1"},
		"of no use without measured":       {Name: "A", Source: "its documentation", Asked: "A 1"},
		"library are of no use":            {Name: "A", Source: "its documentation", Library: true},
		"it needs measured":                {Name: "A"},
		"measured is A 2, which is no":     {Name: "A", Measured: "A 2"},
		"measured is A 3, which is no":     {Name: "A", Measured: "A 3"}, // It was seen, without facts.
		"asked is A 2, which is no row of": {Name: "A", Measured: "A 1", Asked: "A 2"},
	} {
		p := providers{
			Seen:       []seen{{Name: "A", Version: "3"}},
			Measured:   measured{{Name: "A", Version: "1", Facts: map[string]string{"par": "none"}}},
			ByHand:     []asked{{Name: "A 1"}},
			Recognised: []product{{Name: "B", Source: "its documentation"}, one},
		}
		switch err := p.usable(); {
		case want == "" && err != nil:
			t.Errorf("%+v: %v", one, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%+v: %v, expected %q", one, err, want)
		}
	}
}
