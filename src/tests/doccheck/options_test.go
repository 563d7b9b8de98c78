// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"luci-sso/internal/config"
)

// load reads a whole configuration in which one option is as given; a nil
// value leaves it out.
func load(t *testing.T, name string, value *string) (*config.Config, error) {
	t.Helper()
	values := map[string]string{
		"enabled": "1", "issuer_url": "https://id.example.com", "client_id": "router", "client_secret": "secret", "clock_tolerance": "60",
	}
	delete(values, name)
	if value != nil {
		values[name] = *value
	}
	text := "config oidc 'default'\n"
	for option, v := range values {
		text += "\toption " + option + " '" + v + "'\n"
	}
	path := filepath.Join(t.TempDir(), "luci-sso")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Parse(path, config.Section)
}

// TestOptionsTable holds docs/reference/uci-options.md to the reader: which
// options there are, what they are when unset, and which values they take.
func TestOptionsTable(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/reference/uci-options.md")
	rows := table(page, "Option")
	fields := pageFields()
	var documented []string
	for _, row := range rows {
		name, _ := code(row[0])
		documented = append(documented, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if fields[row[1]] != name {
				t.Errorf("the page's field of this option is not called %q", row[1])
			}
			checkDefault(t, name, row[2])
			checkValues(t, name, row[3])
		})
	}
	var want []string
	for _, o := range config.Options {
		want = append(want, o.Name)
	}
	slices.Sort(want)
	slices.Sort(documented)
	if !slices.Equal(documented, want) {
		t.Errorf("documented are the options\n%q, the reader knows\n%q", documented, want)
	}
}

// documentedDefault is the value in a table's cell; "none: …" says in prose
// what happens without one.
func documentedDefault(cell string) (string, bool) {
	if strings.HasPrefix(cell, "none") {
		return "", false
	}
	return code(cell)
}

func checkDefault(t *testing.T, name, cell string) {
	t.Helper()
	unset, err := load(t, name, nil)
	if strings.HasPrefix(cell, "required") {
		var option *config.OptionError
		if !errors.As(err, &option) || !option.Missing || option.Option != name {
			t.Errorf("documented as required, but without it the reader says %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("documented as optional, but without it the reader says %v", err)
	}
	value, _ := documentedDefault(cell)
	set, err := load(t, name, &value)
	if err != nil || !reflect.DeepEqual(set, unset) {
		t.Errorf("the documented default %q (%v) makes another configuration than leaving the option out:\n%+v\n%+v", value, err, set, unset)
	}
}

var numberRange = regexp.MustCompile(`whole number, ([\d ]+) to ([\d ]+)`)

func checkValues(t *testing.T, name, cell string) {
	t.Helper()
	accepted := func(value string, want bool) {
		t.Helper()
		if _, err := load(t, name, &value); (err == nil) != want {
			t.Errorf("%q: the reader says %v; by the page it is accepted = %t", value, err, want)
		}
	}
	switch {
	case name == "enabled":
	case strings.HasPrefix(cell, "https URL"):
		accepted("https://a.example.com", true)
		accepted("http://a.example.com", false)
		accepted("a.example.com", false)
		accepted("https://a.example.com/?a=b", strings.Contains(cell, "query allowed"))
	case strings.HasPrefix(cell, "absolute path"):
		accepted("/etc/ssl/a.pem", true)
		accepted("a.pem", false)
	case cell == "list of texts":
		accepted("zzz", name != "auth_param") // Which has names and values.
	case numberRange.MatchString(cell):
		m := numberRange.FindStringSubmatch(cell)
		low, _ := strconv.Atoi(strings.ReplaceAll(m[1], " ", ""))
		high, _ := strconv.Atoi(strings.ReplaceAll(m[2], " ", ""))
		accepted(strconv.Itoa(low), true)
		accepted(strconv.Itoa(high), true)
		accepted(strconv.Itoa(low-1), false)
		accepted(strconv.Itoa(high+1), false)
	case strings.HasPrefix(cell, "text"):
		accepted("zzz", !strings.Contains(cell, "`openid`"))
		accepted("openid", true)
	default:
		for _, value := range codes(cell) {
			accepted(value, true)
		}
		accepted("zzz", false)
	}
}

// TestShippedConfig: the file on the router shows every option, with the
// documented default where it has one.
func TestShippedConfig(t *testing.T) {
	t.Parallel()
	file := read(t, shipped)
	for _, row := range table(read(t, "docs/reference/uci-options.md"), "Option") {
		name, _ := code(row[0])
		m := regexp.MustCompile(`(?m)^#?\t(?:option|list) ` + name + ` '([^']*)'`).FindStringSubmatch(file)
		if m == nil {
			t.Errorf("%s does not show option %s", shipped, name)
			continue
		}
		if value, ok := documentedDefault(row[2]); ok && m[1] != value {
			t.Errorf("%s has option %s '%s', the page says %q", shipped, name, m[1], value)
		}
	}
}

// TestNamesOfARole: what the page calls unknown in a role is what the router
// does.
func TestNamesOfARole(t *testing.T) {
	t.Parallel()
	want := "const NAMES = [ '" + strings.Join(config.RoleLists, "', '") + "' ];"
	if text := read(t, "htdocs/luci-static/resources/luci-sso/match.js"); !strings.Contains(text, want) {
		t.Errorf("match.js lacks\n%s", want)
	}
}
