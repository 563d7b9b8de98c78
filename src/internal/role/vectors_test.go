// SPDX-License-Identifier: Apache-2.0

package role

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"

	"luci-sso/internal/config"
)

// TestFindAgreesWithTheSettingsPage holds the decision to the cases that the
// page's preview is tested with, too.
func TestFindAgreesWithTheSettingsPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../tests/view/match-vectors.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the sources are here without the tests of the page")
	}
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Roles []struct {
			Name              string
			Email, Group, Sub []string
		}
		Cases []struct {
			Why, Email, Sub, Role, By, Value string
			Groups                           []string
		}
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	var roles []config.Role
	for _, r := range vectors.Roles {
		roles = append(roles, config.Role{Name: r.Name, Emails: r.Email, Groups: r.Group, Subjects: r.Sub})
	}
	for _, c := range vectors.Cases {
		m := Find(roles, Identity{Subject: c.Sub, Email: c.Email, Groups: c.Groups}, Rules{})
		name := ""
		if m.Role != nil {
			name = m.Role.Name
		}
		hit := Hit{}
		if m.Hits != nil {
			hit = m.Hits[0]
		}
		if name != c.Role || hit.Kind != c.By || hit.Value != c.Value {
			t.Errorf("%s: got %q by %q %q, the page says %q by %q %q", c.Why, name, hit.Kind, hit.Value, c.Role, c.By, c.Value)
		}
	}
}
