// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
)

const complete = `
config oidc 'default'
	option enabled '1'
	option issuer_url 'https://id.example.com'
	option client_id 'router'
	option client_secret 's3cret'
	option clock_tolerance '60'
`

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "luci-sso")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

// TestOneValueIsNoList: an option that is one value is refused as a list.
func TestOneValueIsNoList(t *testing.T) {
	t.Parallel()
	for _, o := range Options {
		if o.Kind == List {
			continue
		}
		text := strings.ReplaceAll(complete, "option "+o.Name+" ", "option unused ") + "\tlist " + o.Name + " 'a'\n\tlist " + o.Name + " 'b'\n"
		_, err := load(t, text)
		var option *OptionError
		if o.Name == "enabled" && fault.Is(err, fault.SSODisabled) {
			continue // Nothing else is looked at then.
		}
		if !errors.As(err, &option) || option.Option != o.Name {
			t.Errorf("option %s as a list: %v", o.Name, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := load(t, complete+"config role 'admin'\n\tlist email 'a@example.com'\n\tlist read '*'\nconfig role 'b'\n\toption group 'g'\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Text("scope") != "openid profile email" || c.Seconds("clock_tolerance") != time.Minute || c.Text("groups_claim") != "groups" || c.Text("require_at_hash") != "auto" ||
		c.On("require_email_verified") || c.Text("token_auth_method") != "auto" || c.Number("rate_limit") != 50 || c.Seconds("rate_window") != time.Minute || c.Number("rate_limit_per_client") != 0 {
		t.Errorf("the defaults are not those of the reference: %+v", c)
	}
	if len(c.Roles) != 2 || c.Roles[0].Name != "admin" || c.Roles[1].Name != "b" || len(c.Roles[1].Groups) != 1 {
		t.Errorf("roles are not in the order of the file: %+v", c.Roles)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	with := func(option, value string) string { return complete + "\toption " + option + " '" + value + "'\n" }
	for name, c := range map[string]struct {
		text   string
		code   fault.Code
		detail string
	}{
		"disabled":               {strings.Replace(complete, "enabled '1'", "enabled '0'", 1), fault.SSODisabled, "enabled"},
		"enabled is not 1":       {strings.Replace(complete, "enabled '1'", "enabled 'yes'", 1), fault.SSODisabled, "enabled"},
		"empty file":             {"", fault.SSODisabled, "enabled"},
		"no issuer":              {strings.Replace(complete, "issuer_url", "other", 1), fault.ConfigError, "issuer_url"},
		"no client":              {strings.Replace(complete, "client_id", "other", 1), fault.ConfigError, "client_id"},
		"empty secret":           {strings.Replace(complete, "s3cret", "", 1), fault.ConfigError, "client_secret"},
		"no tolerance":           {strings.Replace(complete, "clock_tolerance", "other", 1), fault.ConfigError, "clock_tolerance"},
		"tolerance no number":    {with("clock_tolerance", "1m"), fault.ConfigError, "0 to 3600"},
		"negative tolerance":     {with("clock_tolerance", "-1"), fault.ConfigError, "0 to 3600"},
		"tolerance too large":    {with("clock_tolerance", "3601"), fault.ConfigError, "0 to 3600"},
		"http issuer":            {with("issuer_url", "http://id.example.com"), fault.InsecureIssuerURL, "https://"},
		"issuer without scheme":  {with("issuer_url", "id.example.com"), fault.InsecureIssuerURL, "https://"},
		"issuer with query":      {with("issuer_url", "https://id.example.com?a=b"), fault.ConfigError, "issuer_url"},
		"issuer with fragment":   {with("issuer_url", "https://id.example.com#a"), fault.ConfigError, "issuer_url"},
		"issuer with user":       {with("issuer_url", "https://a@id.example.com"), fault.ConfigError, "issuer_url"},
		"issuer without host":    {with("issuer_url", "https:///a"), fault.ConfigError, "issuer_url"},
		"http internal":          {with("internal_issuer_url", "http://10.0.0.2"), fault.InsecureFetchURL, "internal_issuer_url"},
		"internal with a path":   {with("internal_issuer_url", "https://10.0.0.2/other"), fault.ConfigError, "origin"},
		"scope without openid":   {with("scope", "profile email"), fault.ConfigError, "openid"},
		"relative CA file":       {with("ca_file", "ca.pem"), fault.ConfigError, "absolute"},
		"at_hash":                {with("require_at_hash", "yes"), fault.ConfigError, "auto, 1, 0"},
		"e-mail verification":    {with("require_email_verified", "true"), fault.ConfigError, "0, 1"},
		"client authentication":  {with("token_auth_method", "client_secret_jwt"), fault.ConfigError, "client_secret_post"},
		"no secret by post":      {strings.Replace(complete, "s3cret", "", 1) + "\toption token_auth_method 'client_secret_post'\n", fault.ConfigError, "client_secret"},
		"rate limit":             {with("rate_limit", "0"), fault.ConfigError, "1 to 100000"},
		"http redirect":          {with("redirect_uri", "http://router/cgi-bin/luci-sso/callback"), fault.ConfigError, "redirect_uri"},
		"a URL as host":          {with("host", "https://router.example.com"), fault.ConfigError, "list host"},
		"list for an option":     {complete + "\tlist scope 'openid'\n", fault.ConfigError, "list"},
		"syntax":                 {complete + "config oidc 'x\n", fault.ConfigError, "line "},
		"a broken secret":        {complete + "\toption client_secret\n\ttell-nobody\n", fault.ConfigError, "line 9"},
		"secret is never quoted": {complete + "\toption client_secret 'tell-nobody'\n\toption scope 'x'\n", fault.ConfigError, "scope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := load(t, c.text)
			if got != nil || !fault.Is(err, c.code) || !strings.Contains(err.Error(), c.detail) {
				t.Errorf("got %v, %v; want no configuration and %s about %q", got, err, c.code, c.detail)
			}
			if strings.Contains(err.Error(), "tell-nobody") {
				t.Errorf("the error tells the client secret: %v", err)
			}
		})
	}
}

// A client without a secret is one only when it is named so.
func TestPublicClient(t *testing.T) {
	t.Parallel()
	text := strings.Replace(complete, "\toption client_secret 's3cret'\n", "\toption token_auth_method 'none'\n", 1)
	if c, err := load(t, text); err != nil || c.Text("token_auth_method") != "none" || !c.ClientSecret.Empty() {
		t.Errorf("a public client: %+v, %v", c, err)
	}
	if _, err := load(t, strings.Replace(text, "'none'", "'auto'", 1)); !fault.Is(err, fault.ConfigError) || !strings.Contains(err.Error(), "client_secret") {
		t.Errorf("without a secret and without the name: %v", err)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "absent")); !fault.Is(err, fault.SSODisabled) {
		t.Errorf("without the file: %v, want SSO_DISABLED", err)
	}
	if _, err := Load(filepath.Join(dir, "absent", "luci-sso")); !fault.Is(err, fault.UCIError) {
		t.Errorf("without the directory: %v, want UCI_ERROR", err)
	}
	if _, err := Load(dir); !fault.Is(err, fault.UCIError) {
		t.Errorf("a directory in its place: %v, want UCI_ERROR", err)
	}
}

// What needs not be enabled needs to be valid all the same.
func TestParse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "luci-sso")
	text := strings.Replace(complete, "enabled '1'", "enabled '0'", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Parse(path, Section); err != nil || c.On("enabled") || c.Text("issuer_url") != "https://id.example.com" {
		t.Errorf("Parse of a disabled configuration: %+v, %v", c, err)
	}
}

// libuci numbers sections without a name by their place. A session that is
// named so would get another role's rights once a section above it is gone.
func TestUnnamedRolesAreNamedByTheirRights(t *testing.T) {
	t.Parallel()
	const viewer = "\nconfig role\n\tlist group 'family'\n\tlist read 'luci-base'\n"
	const admin = "\nconfig role\n\tlist group 'admins'\n\tlist read '*'\n\tlist write '*'\n"
	names := func(text string) (list []string) {
		t.Helper()
		c, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range c.Roles {
			list = append(list, r.Name)
		}
		return list
	}
	before, after := names(complete+viewer+admin), names(complete+admin)
	n := len(after)
	if len(before) != n+1 || before[n] != after[n-1] {
		t.Errorf("the roles %q became %q: the last one's name must not change", before, after)
	}
	if before[n-1] == after[n-1] {
		t.Errorf("roles with other rights are both called %q", after[n-1])
	}
}

// What nothing reads is named; what a restriction was to be is refused; what
// nobody knows in a role, or as a role, is its fault.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	c, err := load(t, complete+"\toption note 'x'\n\toption scopes 'openid'\nconfig role 'a'\n\tlist groups 'g'\n\tlist wirte '*'\n\toption email 'a@example.com'\nconfig rol 'b'\nconfig group 'c'\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Names(c.Unknown), "default.note, default.scopes (scope?), config group"; got != want {
		t.Errorf("unknown are %q, want %q", got, want)
	}
	if len(c.Roles) != 2 || len(c.Roles[0].Faults) != 2 || c.Roles[0].Faults[1].Detail != `"wirte" is not known; is it write?` || c.Roles[1].FaultOf("") == "" {
		t.Errorf("roles are %+v", c.Roles)
	}
	for option, refused := range map[string]bool{
		"require_email_verifed": true, "requireemailverified": true, "require_athash": true, "cafile": true,
		"issuer_ulr": false, "rate_limits": false, "post_logout_redirect": false, "require_mfa": false,
	} {
		_, err := load(t, complete+"\toption "+option+" '1'\n")
		if (err != nil) != refused || refused && !fault.Is(err, fault.ConfigError) {
			t.Errorf("option %s: %v; refused it should be: %v", option, err, refused)
		}
	}
	if _, err := load(t, complete+"\toption require_email_verifed '1'\n\toption require_email_verified '1'\n"); err != nil {
		t.Errorf("beside the right name: %v", err)
	}
}

// What is for all providers stands in default; what is not, nobody inherits.
func TestProviders(t *testing.T) {
	t.Parallel()
	const other = "\nconfig oidc 'other'\n\toption enabled '1'\n\toption issuer_url 'https://other.example.com'\n\toption client_id 'o'\n\toption client_secret 'x'\n"
	path := filepath.Join(t.TempDir(), "luci-sso")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roles := "config role 'a'\n\tlist email 'a@example.com'\nconfig role 'b'\n\tlist provider 'other'\nconfig role 'c'\n\tlist provider 'other'\n\tlist provider 'default'\n"
	write(complete + "\toption scope 'openid groups'\n\toption rate_limit '7'\n\tlist host 'r.example.com'\n" + other + "\toption rate_limit '9'\n" + roles)
	names := func(list []Role) string {
		var text string
		for _, r := range list {
			text += r.Name
		}
		return text
	}
	c, err := LoadProvider(path, "other")
	if err != nil {
		t.Fatal(err)
	}
	if c.Provider != "other" || c.Text("issuer_url") != "https://other.example.com" || c.Text("scope") != "openid profile email" || c.Number("rate_limit") != 7 || len(c.List("host")) != 1 ||
		c.Seconds("clock_tolerance") != time.Minute || names(c.Roles) != "bc" || names(c.AllRoles) != "abc" {
		t.Errorf("the provider other: %+v", c)
	}
	if len(c.Unknown) != 1 || c.Unknown[0].String() != "other.rate_limit (default.rate_limit?)" {
		t.Errorf("an option that only default takes: %v", c.Unknown)
	}
	if c, err := Load(path); err != nil || c.Provider != Section || names(c.Roles) != "ac" {
		t.Errorf("default: %+v, %v", c, err)
	}
	for _, name := range []string{"", "b", "Other", "none"} {
		if _, err := LoadProvider(path, name); !fault.Is(err, fault.SSODisabled) {
			t.Errorf("provider %q: %v, want SSO_DISABLED", name, err)
		}
	}
	// A provider that is none may be anybody's.
	write(complete + other + "config role 'a'\n\tlist provider 'othr'\n\tlist provider 'other'\n")
	if c, err := Load(path); err != nil || len(c.Roles) != 1 || c.Roles[0].FaultOf("provider") != `"provider othr" is not known; is it other?` {
		t.Errorf("a provider that is none: %+v, %v", c, err)
	}
	// One without a name is called by its place: it is none.
	write(strings.Replace(complete+other, "oidc 'other'", "oidc", 1))
	if got := Enabled(path); len(got) != 1 {
		t.Errorf("a section without a name is a provider: %q", got)
	}
	// Eight in all, default among them wherever it stands.
	text := ""
	for _, n := range "abcdefghij" {
		text += strings.Replace(other, "'other'", "'"+string(n)+"'", 1)
	}
	write(text + strings.Replace(other, "enabled '1'", "enabled '0'", 1) + complete)
	if got := strings.Join(Enabled(path), ""); got != "abcdefgdefault" {
		t.Errorf("the enabled providers are %q", got)
	}
	if _, err := LoadProvider(path, "h"); !fault.Is(err, fault.SSODisabled) {
		t.Errorf("the ninth provider: %v", err)
	}
	write(text)
	if got := strings.Join(Enabled(path), ""); got != "abcdefgh" {
		t.Errorf("without default they are %q", got)
	}
	if c, err := LoadAny(path); err == nil || !strings.Contains(err.Error(), "luci-sso.default.clock_tolerance") {
		t.Errorf("clock_tolerance is required in default: %+v, %v", c, err)
	}
}
