// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// TestOrganisations plays docs/how-to/roles-and-access.md: for each of its
// organisations a router with exactly the page's commands, and each line of
// its table as a login.
func TestOrganisations(t *testing.T) {
	t.Parallel()
	repository, err := lab.Repository()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repository, "docs/how-to/roles-and-access.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "\n## Five organisations\n")
	text2, _, _ = strings.Cut(text2, "\n## ")
	parts := strings.Split(text2, "\n### ")[1:]
	if len(parts) != 5 {
		t.Fatalf("%d organisations, expected 5", len(parts))
	}
	for _, part := range parts {
		name, _, _ := strings.Cut(part, "\n")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.must(e.SetUCI("rate_limit", "100000"))
			e.play(part)
			rows := personRow.FindAllStringSubmatch(part, -1)
			if len(rows) < 4 {
				t.Fatalf("only %d people", len(rows))
			}
			for _, row := range rows {
				e.person(row[1], row[2], row[3], row[4])
			}
		})
	}
}

var (
	command   = regexp.MustCompile(`^uci (set|add_list|delete) luci-sso\.(\w+)(?:\.(\w+))?(?:='([^']*)')?$`)
	personRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([^`]*)` \\| ([^|]+) \\| ([^|]+) \\|$")
)

// play sets the router up with the commands of a part of the page. It begins
// with the role of the shipped file.
func (e *env) play(part string) {
	e.t.Helper()
	_, script, _ := strings.Cut(part, "```sh\n")
	script, _, _ = strings.Cut(script, "```")
	roles, lines := []string{"admin"}, map[string][]string{"admin": {"list read '*'", "list write '*'"}}
	settings := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		if line == "uci commit luci-sso" {
			continue
		}
		m := command.FindStringSubmatch(line)
		if m == nil {
			e.t.Fatalf("a command that this test does not know: %s", line)
		}
		action, section, option, value := m[1], m[2], m[3], m[4]
		switch {
		case action == "delete" && option == "":
			roles = slices.DeleteFunc(roles, func(name string) bool { return name == section })
		case option == "" && value == "role":
			roles = append(roles, section)
		case section == "default" && action == "set":
			settings[option] = []string{value}
		case section == "default":
			settings[option] = append(settings[option], value)
		case !slices.Contains(roles, section):
			e.t.Fatalf("there is no role yet: %s", line)
		case action == "set":
			lines[section] = append(lines[section], "option "+option+" '"+value+"'")
		default:
			lines[section] = append(lines[section], "list "+option+" '"+value+"'")
		}
	}
	config := ""
	for _, name := range roles {
		config += "config role '" + name + "'\n\t" + strings.Join(lines[name], "\n\t") + "\n\n"
	}
	for option, values := range settings {
		e.set(option, values...)
	}
	e.onlyRoles(config)
}

// person signs in somebody of whom the provider says these claims, and looks
// at what they get.
func (e *env) person(who, claims, signedIn, gets string) {
	e.t.Helper()
	var said map[string]any
	if err := json.Unmarshal([]byte(claims), &said); err != nil {
		e.t.Fatalf("%s: %v", who, err)
	}
	ago := time.Duration(0)
	if number, found := strings.CutSuffix(strings.TrimSuffix(signedIn, "s ago"), " hour"); found || signedIn != "now" {
		hours, err := strconv.Atoi(strings.TrimSuffix(number, " hour ago"))
		if err != nil {
			e.t.Fatalf("%s: signed in %q", who, signedIn)
		}
		ago = time.Duration(hours) * time.Hour
	}
	again := false
	remove := e.IDP.Inject(idp.Fault{
		IDToken: func(t *idp.IDToken) {
			for _, name := range []string{"email", "email_verified", "groups"} {
				delete(t.Claims, name)
			}
			for name, value := range said {
				t.Claims[name] = value
			}
			t.Claims["auth_time"] = time.Now().Add(-ago).Unix()
			if again {
				requests := e.IDP.Requests(idp.Authorize)
				query := requests[len(requests)-1].Query
				if query.Get("prompt") == "login" {
					t.Claims["auth_time"] = time.Now().Unix()
				}
				if values := query.Get("acr_values"); values != "" {
					t.Claims["acr"], t.Claims["amr"] = strings.Fields(values)[0], []any{"pwd", "hwk"}
				}
			}
		},
		Claims: func(claims map[string]any) {
			for name := range claims {
				if name != "sub" {
					delete(claims, name)
				}
			}
		},
		// Google's claims and a school's are none that the lab announces.
		Metadata: func(d map[string]any) { d["claims_supported"] = []any{"sub", "email", "email_verified"} },
	})
	defer remove()
	e.must(e.ForgetProvider())
	mark := e.Mark()
	r := e.cgi(e.pending("carol").request(htmlClient))
	role, needsAgain := strings.CutSuffix(gets, ", after signing in again")
	if needsAgain {
		if log := strings.Join(e.logOf(r, mark), "\n"); r.Status != 403 || !strings.Contains(log, "SIGN_IN_INSUFFICIENT") {
			e.t.Errorf("%s: status %d, expected to have to sign in again:\n%s", who, r.Status, log)
			return
		}
		again = true
		next := e.signInAgain(r, "carol")
		mark = e.Mark()
		r = e.cgi(next.request(htmlClient))
	}
	log := strings.Join(e.logOf(r, mark), "\n")
	if role == "refused" {
		if r.Status != 403 || !strings.Contains(log, "USER_NOT_AUTHORIZED") {
			e.t.Errorf("%s: status %d, expected to be refused:\n%s", who, r.Status, log)
		}
		return
	}
	if want := `signed in: role "` + strings.Trim(role, "`") + `"`; r.Status != 302 || !strings.Contains(log, want) {
		e.t.Errorf("%s: status %d, expected %s:\n%s", who, r.Status, want, log)
	}
}
