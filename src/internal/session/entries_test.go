// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"luci-sso/internal/config"
	"luci-sso/internal/uci"
)

// routerConfig is rpcd's configuration on a fresh router, with a comment.
const routerConfig = `
config rpcd
	option socket /var/run/ubus/ubus.sock
	option timeout 30

# the only account
config login
	option username 'root'
	option password '$p$root'
	list read '*'
	list write '*'
`

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rpcd")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readConfig(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func sync(t *testing.T, path string, roles []config.Role) (changed bool) {
	t.Helper()
	changed, err := SyncEntries(path, roles)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestSectionName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a_b", 70)
	for role, want := range map[string]string{
		"admin":       "luci_sso_admin",
		"root":        "luci_sso_root",
		"net_admin":   "luci_sso_net_admin",
		"_":           "luci_sso__",
		"":            "luci_sso_",
		"a-b":         "luci_sso_a_x2d_b",
		"a b":         "luci_sso_a_x20_b",
		"_x2d_":       "luci_sso__x5f_x2d_",
		"a_x":         "luci_sso_a_x5f_x",
		"__x":         "luci_sso___x5f_x",
		"-x":          "luci_sso__x2d_x",
		"Ä":           "luci_sso__xc3__x84_",
		"../../etc":   "luci_sso__x2e__x2e__x2f__x2e__x2e__x2f_etc",
		"it's\nmine;": "luci_sso_it_x27_s_x0a_mine_x3b_",
		long:          "luci_sso_" + long,
	} {
		if got := SectionName(role); got != want {
			t.Errorf("SectionName(%q) = %q, want %q", role, got, want)
		}
		if got, ok := RoleName(want); !ok || got != role {
			t.Errorf("RoleName(%q) = %q, %v; want %q", want, got, ok, role)
		}
	}
	for _, section := range []string{"", "luci_sso", "cfg013fd6", "luci_sso__x", "luci_sso_a_x2", "luci_sso_a_x2d", "luci_sso_a_xzz_", "luci_sso_a_x2dxb", "luci_sso_a_x41_", "luci_sso_a_x2D_"} {
		if role, ok := RoleName(section); ok {
			t.Errorf("RoleName(%q) = %q: SectionName does not give that section", section, role)
		}
	}
}

func FuzzSectionName(f *testing.F) {
	for _, role := range []string{"admin", "_x2d_", "a-b", "\xff", "__x_"} {
		f.Add(role)
	}
	f.Fuzz(func(t *testing.T, role string) {
		section := SectionName(role)
		if back, ok := RoleName(section); !ok || back != role {
			t.Errorf("%q becomes %q and then %q, %v", role, section, back, ok)
		}
		if again, ok := RoleName(SectionPrefix + role); ok && SectionName(again) != SectionPrefix+role {
			t.Errorf("RoleName took %q", SectionPrefix+role)
		}
		for i := range len(section) {
			if c := section[i]; c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				t.Fatalf("%q has a character that UCI does not allow", section)
			}
		}
	})
}

func TestSyncEntries(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, routerConfig)
	roles := []config.Role{
		{Name: "admin", Read: []string{"*"}, Write: []string{"*"}},
		{Name: "root", Read: []string{"luci-mod-*", "!luci-mod-network*"}},
		{Name: "it's", Write: []string{"it's", "!x"}},
		{Name: "nobody"},
	}
	if !sync(t, path, roles) {
		t.Error("Sync says that nothing changed")
	}
	want := routerConfig + `
config login 'luci_sso_admin'
	option username 'sso:admin'
	list read '*'
	list read 'unauthenticated'
	list write '*'

config login 'luci_sso_root'
	option username 'sso:root'
	list read 'luci-mod-*'
	list read '!luci-mod-network*'
	list read 'unauthenticated'

config login 'luci_sso_it_x27_s'
	option username 'sso:it'\''s'
	list read 'unauthenticated'
	list write 'it'\''s'
	list write '!x'

config login 'luci_sso_nobody'
	option username 'sso:nobody'
	list read 'unauthenticated'
`
	if got := readConfig(t, path); got != want {
		t.Fatalf("the file is\n%s\nwant\n%s", got, want)
	}

	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if sync(t, path, roles) {
		t.Error("a second Sync says that something changed")
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Error("a second Sync wrote the file")
	}

	// One deleted, one renamed, one with other lists.
	roles = []config.Role{roles[0], {Name: "viewer", Read: roles[1].Read}, {Name: "it's", Write: []string{"y"}}}
	if !sync(t, path, roles) {
		t.Error("Sync says that nothing changed")
	}
	want = routerConfig + `
config login 'luci_sso_admin'
	option username 'sso:admin'
	list read '*'
	list read 'unauthenticated'
	list write '*'

config login 'luci_sso_it_x27_s'
	option username 'sso:it'\''s'
	list read 'unauthenticated'
	list write 'y'

config login 'luci_sso_viewer'
	option username 'sso:viewer'
	list read 'luci-mod-*'
	list read '!luci-mod-network*'
	list read 'unauthenticated'
`
	if got := readConfig(t, path); got != want {
		t.Fatalf("the file is\n%s\nwant\n%s", got, want)
	}

	changed, err := RemoveEntries(path)
	if err != nil || !changed {
		t.Errorf("RemoveEntries returned %v, %v", changed, err)
	}
	if got := readConfig(t, path); got != routerConfig {
		t.Errorf("after RemoveEntries the file is\n%s\nwant the router's own", got)
	}
	if changed, err := RemoveEntries(path); err != nil || changed {
		t.Errorf("a second RemoveEntries returned %v, %v", changed, err)
	}
}

// Somebody wrote into our sections: an empty or known password would open the
// role to whoever knows the user name.
func TestSyncReplacesForeignSections(t *testing.T) {
	t.Parallel()
	role := []config.Role{{Name: "admin", Read: []string{"*"}}}
	clean := "config login 'luci_sso_admin'\n\toption username 'sso:admin'\n\tlist read '*'\n\tlist read 'unauthenticated'\n"
	for name, section := range map[string]string{
		"a password":           clean + "\toption password '$1$x$y'\n",
		"a list of passwords":  clean + "\tlist password ''\n",
		"another user name":    strings.Replace(clean, "sso:admin", "root", 1),
		"a list as user name":  strings.Replace(clean, "option username", "list username", 1),
		"no user name":         strings.Replace(clean, "\toption username 'sso:admin'\n", "", 1),
		"more rights":          clean + "\tlist write '*'\n",
		"fewer rights":         strings.Replace(clean, "\tlist read '*'\n", "", 1),
		"an option for a list": "config login 'luci_sso_admin'\n\toption username 'sso:admin'\n\toption read '*'\n",
		"another type":         strings.Replace(clean, "config login", "config other", 1),
		"a second part":        clean + "config login 'luci_sso_admin'\n\toption password 'x'\n",
	} {
		path := writeConfig(t, routerConfig+"\n"+section)
		differences, err := Drift(path, role)
		if err != nil || len(differences) != 1 || differences[0].Kind != Different || differences[0].Role != "admin" {
			t.Errorf("%s: Drift returned %v, %v", name, differences, err)
		}
		if !sync(t, path, role) {
			t.Errorf("%s: Sync says that nothing changed", name)
		}
		if got := readConfig(t, path); got != routerConfig+"\n"+clean {
			t.Errorf("%s: the file is\n%s", name, got)
		}
	}
}

func TestRoleOfOneNameTwice(t *testing.T) {
	t.Parallel()
	entries := Entries([]config.Role{{Name: "a", Read: []string{"first"}}, {Name: "a", Read: []string{"second"}}})
	if len(entries) != 1 || entries[0].List("read")[0] != "first" {
		t.Errorf("the entries are %+v, want the first role's alone", entries)
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	roles := []config.Role{{Name: "admin", Read: []string{"*"}}, {Name: "b-c"}}
	path := writeConfig(t, `
config login 'other'
	option username 'sso:admin'
	option password '$p$root'

config login 'luci_sso_gone'
	option username 'sso:gone'

config login 'luci_sso_not_x'

config login 'luci_sso_admin'
`)
	got, err := Drift(path, roles)
	if err != nil {
		t.Fatal(err)
	}
	want := []Difference{
		{Different, "luci_sso_admin", "admin", 11},
		{Missing, "luci_sso_b_x2d_c", "b-c", 0},
		{Foreign, "other", "admin", 2},
		{Stale, "luci_sso_gone", "gone", 6},
		{Stale, "luci_sso_not_x", "", 9},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Drift returned\n%v\nwant\n%v", got, want)
	}
	if s := got[0].String(); s != "different: luci_sso_admin (line 11)" {
		t.Errorf("a difference reads %q", s)
	}
	sync(t, path, roles)
	got, err = Drift(path, roles)
	if err != nil || len(got) != 1 || got[0].Kind != Foreign {
		t.Errorf("after Sync Drift returned %v, %v; want the foreign section alone", got, err)
	}
	if sync(t, path, roles) {
		t.Error("a foreign section made Sync write again")
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	roles := []config.Role{{Name: "admin"}}
	absent := filepath.Join(t.TempDir(), "rpcd")
	if _, err := SyncEntries(absent, roles); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Sync without a file returned %v", err)
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("Sync made a file: rpcd's package would then not bring its own, and root could not log in")
	}
	if changed, err := RemoveEntries(absent); err != nil || changed {
		t.Errorf("RemoveEntries without a file returned %v, %v", changed, err)
	}
	const text = "config login 'luci_sso_x'\n\toption a 'b\n"
	broken := writeConfig(t, text)
	var syntax *uci.SyntaxError
	if _, err := SyncEntries(broken, roles); !errors.As(err, &syntax) || syntax.Line != 2 {
		t.Errorf("Sync of a broken file returned %v, want a syntax error at line 2", err)
	}
	if _, err := RemoveEntries(broken); !errors.As(err, &syntax) {
		t.Errorf("RemoveEntries of a broken file returned %v", err)
	}
	if got := readConfig(t, broken); got != text {
		t.Errorf("the broken file was written: %q", got)
	}
}
