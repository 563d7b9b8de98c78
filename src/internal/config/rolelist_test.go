// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"testing"
)

// Every list of a role's section is read, and comes back as it was.
func TestRoleLists(t *testing.T) {
	t.Parallel()
	for _, name := range RoleLists {
		want := map[string][]string{
			"email_domain": {"example.com", "example.org"}, "claim": {"department=NOC", "a.b=c"}, "match": {"all"},
			"acr": {"phr", "phrh"}, "amr": {"hwk", "pwd"}, "max_age": {"300"},
		}[name]
		if want == nil {
			want = []string{"one", "two"}
		}
		r := NewRole("r", func(list string) []string {
			if list == name {
				return want
			}
			return nil
		})
		for _, list := range RoleLists {
			got := r.List(list)
			if list == name && !slices.Equal(got, want) || list != name && len(got) != 0 {
				t.Errorf("with %s %q, %s has %q", name, want, list, got)
			}
		}
		if fault := r.FaultOf(); fault != "" {
			t.Errorf("%s: %s", name, fault)
		}
	}
}
