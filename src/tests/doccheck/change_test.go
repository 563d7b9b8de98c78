// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// changing are the roles with a list `write` in a page's commands, in its
// tables of roles, in the shipped file and in the lab, each pair of lists once.
func changing(t *testing.T) map[string]config.Role {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	if err := os.Symlink(self, filepath.Join(programs, "uci")); err != nil {
		t.Fatal(err)
	}
	found := map[string]config.Role{}
	add := func(where string, roles []config.Role) {
		for _, r := range roles {
			if len(r.Write) > 0 {
				found[fmt.Sprintf("%q %q", r.Read, r.Write)] = config.Role{Name: where + ": " + r.Name, Read: r.Read, Write: r.Write}
			}
		}
	}
	fromText := func(where, text string) {
		path := filepath.Join(t.TempDir(), "luci-sso")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		roles, err := config.Roles(path)
		if err != nil {
			t.Fatal(err)
		}
		add(where, roles)
	}
	fromText("lab", lab.DefaultConfig("https://id.example.com", "a", "b").Text())
	fromText("shipped", read(t, shipped))
	row := regexp.MustCompile("(?m)^\\| ([^|]*) \\| ((?:`[^`]+`(?:, )?)*) \\| ((?:`[^`]+`(?:, )?)+) \\|$")
	code := regexp.MustCompile("`([^`]+)`")
	for _, page := range pages(t) {
		text := read(t, page)
		if strings.Contains(text, "| You want | `read` | `write` |") {
			for _, cells := range row.FindAllStringSubmatch(text, -1) {
				if cells[1] == "You want" {
					continue
				}
				r := config.Role{Name: cells[1]}
				for _, m := range code.FindAllStringSubmatch(cells[2], -1) {
					r.Read = append(r.Read, m[1])
				}
				for _, m := range code.FindAllStringSubmatch(cells[3], -1) {
					r.Write = append(r.Write, m[1])
				}
				add(page, []config.Role{r})
			}
		}
		script := uciCommands(text)
		if script == "" {
			continue
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "luci-sso"), []byte(read(t, shipped)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"luci", "rpcd", "uhttpd"} {
			_ = os.WriteFile(filepath.Join(dir, name), []byte("config "+name+" 'main'\n"), 0o600)
		}
		shell := exec.Command("/bin/sh", "-c", strings.TrimPrefix(start(script), "set -e\n"))
		shell.Env = []string{"PATH=" + programs, configDir + "=" + dir, "GORACE=" + os.Getenv("GORACE")}
		_ = shell.Run() // TestGuides judges the commands; here only their roles count.
		roles, err := config.Roles(filepath.Join(dir, "luci-sso"))
		if err != nil {
			t.Fatal(err)
		}
		add(page, roles)
	}
	return found
}

// TestRolesThatMayChangeCanSave: each role of ours that may change something
// logs in, changes one thing, saves and applies it as LuCI does, and it is in
// the configuration.
func TestRolesThatMayChangeCanSave(t *testing.T) {
	roles := changing(t)
	if len(roles) < 4 {
		t.Fatalf("only %d roles that may change something were found", len(roles))
	}
	names := map[string]string{} // Of the case by the name of the role.
	l, err := lab.Start(lab.Options{Config: func(c *lab.Config) {
		for _, name := range []string{"admin", "operator", "viewer"} {
			c.Remove(name)
		}
		for _, r := range roles {
			name := fmt.Sprintf("r%d", len(names))
			names[name] = r.Name
			c.Set(name+".group", name)
			c.Set(name+".read", r.Read...)
			c.Set(name+".write", r.Write...)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	groups, err := acl.ReadGroups(l.Router.At("/usr/share/rpcd/acl.d"))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]config.Role{}
	for _, r := range roles {
		byName[r.Name] = r
	}
	for name, where := range names {
		t.Run(where, func(t *testing.T) {
			r := byName[where]
			var session *lab.Session
			l.With(func() { session, err = l.Login("dave") }, idp.Fault{IDToken: func(token *idp.IDToken) { token.Claims["groups"] = []string{name} }})
			if err != nil {
				t.Fatal(err)
			}
			target := ""
			for _, candidate := range []string{"network", "firewall", "dhcp", "system", "luci-sso"} {
				if may(groups, r, candidate) {
					target = candidate
					break
				}
			}
			if target == "" {
				t.Fatalf("read %q, write %q: none of the configurations of this router may be changed", r.Read, r.Write)
			}
			file := l.Router.At("/etc/config/" + target)
			if _, err := os.Stat(file); err != nil {
				if err := os.WriteFile(file, []byte("config globals 'globals'\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			call := func(method string, args map[string]any) {
				t.Helper()
				if problem := ubus(t, l, session.ID, "uci", method, args); problem != "" {
					t.Errorf("read %q, write %q: uci %s: %s", r.Read, r.Write, method, problem)
				}
			}
			call("add", map[string]any{"config": target, "type": "mark", "name": "by_" + name})
			call("set", map[string]any{"config": target, "section": "by_" + name, "values": map[string]any{"seen": "here"}})
			call("apply", map[string]any{"rollback": true, "timeout": 60})
			call("confirm", map[string]any{})
			if text, _ := os.ReadFile(file); !strings.Contains(string(text), "by_"+name) || !strings.Contains(string(text), "option seen 'here'") {
				t.Errorf("read %q, write %q: what was saved is not in %s:\n%s", r.Read, r.Write, target, text)
			}
		})
	}
	fmt.Printf("note: %d roles saved a change\n", len(roles))
}

func may(groups []acl.Group, r config.Role, target string) bool {
	for _, part := range acl.Parts(groups, r.Read, r.Write) {
		if part.Allow("uci", target, "write") {
			return true
		}
	}
	return false
}

// ubus is LuCI's own way to call a method; "" when it went well.
func ubus(t *testing.T, l *lab.Lab, session, object, method string, args map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "call", "params": []any{session, object, method, args}})
	if err != nil {
		t.Fatal(err)
	}
	response, err := l.Browser().HTTP.Post(l.Router.URL+"/ubus/", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("HTTP %d, %v", response.StatusCode, err)
	}
	var reply struct {
		Result []json.RawMessage `json:"result"`
		Error  *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		t.Fatal(err)
	}
	switch {
	case reply.Error != nil:
		return reply.Error.Message
	case len(reply.Result) == 0 || string(reply.Result[0]) != "0":
		return string(text)
	}
	return ""
}
