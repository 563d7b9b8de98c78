// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/lab/openwrt"
)

const shipped = "package/luci-sso/files/etc/config/luci-sso"

// uciCommands takes the uci commands out of a page's shell snippets, in their
// order, with their continuation lines and here-documents.
func uciCommands(text string) string {
	var script strings.Builder
	heredoc := regexp.MustCompile(`<<-?\s*['"]?(\w+)['"]?`)
	for _, block := range fences(text, "sh") {
		lines := strings.Split(block, "\n")
		for i := 0; i < len(lines); i++ {
			line := strings.TrimSpace(lines[i])
			if !strings.HasPrefix(line, "uci ") {
				continue
			}
			script.WriteString(line + "\n")
			for strings.HasSuffix(lines[i], "\\") && i+1 < len(lines) {
				i++
				script.WriteString(lines[i] + "\n")
			}
			if end := heredoc.FindStringSubmatch(line); end != nil {
				for i++; i < len(lines); i++ {
					script.WriteString(lines[i] + "\n")
					if strings.TrimSpace(lines[i]) == end[1] {
						break
					}
				}
			}
		}
	}
	return script.String()
}

// complete is what a page that does not set up a provider starts from.
const complete = `uci set luci-sso.default.issuer_url='https://id.example.com'
uci set luci-sso.default.client_id='router'
uci set luci-sso.default.client_secret='secret'
uci set luci-sso.default.enabled='1'
`

// start is the script of a page with what it takes for granted before it.
func start(script string) string {
	if strings.Contains(script, "default.issuer_url=") {
		return "set -e\n" + script
	}
	return "set -e\n" + complete + script
}

// verdict judges the configuration that a page's commands leave behind.
func verdict(t *testing.T, path, script string) *config.Config {
	t.Helper()
	c, err := config.Load(path)
	if fault.Is(err, fault.SSODisabled) && strings.Contains(script, "enabled='0'") {
		c, err = config.Parse(path, config.Section)
	}
	if err != nil {
		text, _ := os.ReadFile(path)
		t.Fatalf("after the page's uci commands the router's reader says: %v\n\n%s\ncommands:\n%s", err, text, script)
	}
	if len(c.Roles) == 0 {
		t.Errorf("after the page's uci commands there is no role:\n%s", script)
	}
	return c
}

func TestGuides(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	if err := os.Symlink(self, filepath.Join(programs, "uci")); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, page := range pages(t) {
		text := read(t, page)
		script := uciCommands(text)
		if script == "" {
			continue
		}
		ran++
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, content := range map[string]string{
				"luci-sso": read(t, shipped),
				"uhttpd":   "config uhttpd 'main'\n\tlist listen_http '0.0.0.0:80'\n\tlist listen_https '0.0.0.0:443'\n",
				"luci":     "config internal 'sauth'\n\toption sessiontime '3600'\n",
				"rpcd":     "config login\n\toption username 'root'\n\toption password '$p$root'\n\tlist read '*'\n\tlist write '*'\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			// Nothing but uci is on the path: a snippet can do no harm here.
			shell := exec.Command("/bin/sh", "-c", start(script))
			shell.Env = []string{"PATH=" + programs, configDir + "=" + dir, "GORACE=" + os.Getenv("GORACE")}
			if out, err := shell.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\nin\n%s", err, out, start(script))
			}
			c := verdict(t, filepath.Join(dir, "luci-sso"), script)
			checkPageTable(t, text, start(script))
			if strings.HasPrefix(page, "docs/how-to/") && strings.Contains(text, "| Field on the page |") {
				checkPeople(t, c)
			}
		})
	}
	if ran < 15 {
		t.Errorf("only %d pages with uci commands were found", ran)
	}
}

// TestGuidesOnRealUCI runs the same with the router's own sh and uci.
func TestGuidesOnRealUCI(t *testing.T) {
	root := openwrt.Copy(t)
	for _, page := range pages(t) {
		script := uciCommands(read(t, page))
		if script == "" {
			continue
		}
		root.WriteFile("/etc/config/luci-sso", read(t, shipped))
		if out, err := root.Run("/bin/sh", "-c", start(script)); err != nil {
			t.Errorf("%s: %v: %s\nin\n%s", page, err, out, script)
			continue
		}
		verdict(t, root.Path("/etc/config/luci-sso"), script)
	}
	fmt.Println("note: the guides' uci commands ran with the real uci, too")
}

// checkPeople: whoever the guide puts into the role admin gets it, and no
// address that the provider calls unverified does.
func checkPeople(t *testing.T, c *config.Config) {
	t.Helper()
	for _, r := range c.Roles {
		for _, email := range r.Emails {
			if got := role.Find(c.Roles, role.Identity{Subject: "1", Email: strings.ToUpper(email), Verified: oidc.VerifiedYes}, role.Rules{}); got.Role == nil || got.Role.Name != r.Name {
				t.Errorf("%s does not get the role %s", email, r.Name)
			}
			if got := role.Find(c.Roles, role.Identity{Subject: "1", Email: email, Verified: oidc.VerifiedNo}, role.Rules{}); got.Role != nil {
				t.Errorf("%s gets the role %s although not verified", email, got.Role.Name)
			}
		}
		for _, group := range r.Groups {
			bare := strings.TrimSuffix(group, "@PocketID")
			if got := role.Find(c.Roles, role.Identity{Subject: "1", Groups: []string{bare}}, role.Rules{}); got.Role == nil || got.Role.Name != r.Name {
				t.Errorf("a member of %s does not get the role %s", bare, r.Name)
			}
		}
		if !role.Grants(&r) {
			t.Errorf("the role %s gives nothing", r.Name)
		}
	}
}

// checkPageTable: what the table for the settings page says to enter is what
// the uci commands set, field by field.
func checkPageTable(t *testing.T, text, script string) {
	t.Helper()
	fields := pageFields()
	for _, row := range table(text, "Field on the page") {
		option, known := fields[row[0]]
		if !known {
			t.Errorf("the page has no field called %q", row[0])
			continue
		}
		value, literal := code(row[1])
		if !literal {
			value, literal = map[string]string{"On": "1", "*only if present*": "0", "*always*": "1", "*automatic*": "auto"}[row[1]], true
		}
		if option == "_preset" || value == "" {
			continue
		}
		if want := "default." + option + "='" + value + "'"; literal && !strings.Contains(script, want) {
			t.Errorf("the table says %s = %q, but no command does: uci set luci-sso.%s", row[0], value, want)
		}
	}
}

// pageFields are the fields of the settings page: option by title.
func pageFields() map[string]string {
	fields := map[string]string{"Provider": "_preset"}
	for _, o := range config.Options {
		fields[o.Label] = o.Name
	}
	return fields
}

// TestPresets: the provider that a guide chooses is one the page offers.
func TestPresets(t *testing.T) {
	t.Parallel()
	presets := read(t, "htdocs/luci-static/resources/luci-sso/presets.js")
	for _, page := range pages(t) {
		for _, row := range table(read(t, page), "Field on the page") {
			if row[0] == "Provider" && row[1] != "Other provider" && !strings.Contains(presets, "name: '"+row[1]+"'") {
				t.Errorf("%s: the page offers no provider called %q", page, row[1])
			}
		}
	}
}

// TestOptionsInProse: every option of the section that a page sets in code is
// one of the program.
func TestOptionsInProse(t *testing.T) {
	t.Parallel()
	known := slices.Clone(config.RoleLists)
	for _, o := range config.Options {
		known = append(known, o.Name)
	}
	mention := regexp.MustCompile(`luci-sso\.(default|admin|[a-z_]+)\.([a-z_]+)`)
	for _, page := range pages(t) {
		for _, m := range mention.FindAllStringSubmatch(read(t, page), -1) {
			if !slices.Contains(known, m[2]) {
				t.Errorf("%s: %s is no option", page, m[0])
			}
		}
	}
}
