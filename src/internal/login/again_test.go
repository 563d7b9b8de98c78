// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/handshake"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
)

// TestAsks: what a second sign-in asks the provider for.
func TestAsks(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]config.Role{
		"prompt=login":                           {AMR: []string{"hwk"}},
		"acr_values=phr+phrh&prompt=login":       {ACR: []string{"phr", "phrh"}},
		"max_age=1&prompt=login":                 {MaxAge: time.Second},
		"acr_values=a&max_age=3600&prompt=login": {ACR: []string{"a"}, MaxAge: time.Hour},
	} {
		if got := asks(&r).Encode(); got != want {
			t.Errorf("%+v asks for %s, expected %s", r, got, want)
		}
	}
}

// TestLackOf: the log has what came and what was wanted.
func TestLackOf(t *testing.T) {
	t.Parallel()
	r := config.Role{ACR: []string{"a", "b"}, AMR: []string{"hwk", "pwd"}, MaxAge: time.Hour}
	flow := Flow{Config: &config.Config{}, Party: &oidc.Party{}, Now: func() time.Time { return time.Unix(1000000, 0) }}
	for want, s := range map[string]oidc.SignIn{
		`acr is "" and has to be one of a b; amr is "" and has to be hwk pwd besides; max_age is "" and has to be 3600 s at most`: {},
		`amr is "pwd x" and has to be hwk besides`:         {ACR: "b", AMR: []string{"pwd", "x"}, At: 1000000},
		`max_age is "7200 s" and has to be 3600 s at most`: {ACR: "a", AMR: []string{"pwd", "hwk"}, At: 1000000 - 7200},
		`acr is "c" and has to be one of a b`:              {ACR: "c", AMR: []string{"pwd", "hwk"}, At: 1000000},
	} {
		if got := flow.lackOf(&r, s, role.Lacks(&r, s, flow.rules())); got != want {
			t.Errorf("%+v:\n%s, expected\n%s", s, got, want)
		}
	}
}

// TestLacking: a second sign-in is begun for whoever lacks something, once,
// and that it cannot be begun is said and is no other refusal.
func TestLacking(t *testing.T) {
	t.Parallel()
	r := config.Role{Name: "noc", ACR: []string{"phr"}}
	var notices []string
	dir := t.TempDir()
	flow := Flow{
		Config: settings(t, nil, "scope", "openid"), Now: time.Now,
		Party:   &oidc.Party{ClientID: "router", Notice: func(text string) { notices = append(notices, text) }},
		Pending: handshake.Open(handshake.Options{Dir: filepath.Join(dir, "h"), KeyFile: filepath.Join(dir, "k", "key")}),
	}
	metadata := oidc.Metadata{AuthorizationEndpoint: "https://id.example.com/authorize"}
	first := handshake.Pending{RedirectURI: "https://r.example.com/cb", ReturnTo: "/cgi-bin/luci/admin"}
	if got := flow.lacking(context.Background(), metadata, first, &r, oidc.SignIn{ACR: "phr"}); got != nil {
		t.Errorf("nothing is lacking: %+v", got)
	}
	got := flow.lacking(context.Background(), metadata, first, &r, oidc.SignIn{})
	if got == nil || len(got.Lacks) != 1 || got.Location == "" {
		t.Fatalf("%+v, notices %q", got, notices)
	}
	location, _ := url.Parse(got.Location)
	if q := location.Query(); q.Get("acr_values") != "phr" || q.Get("prompt") != "login" || q.Get("redirect_uri") != first.RedirectURI {
		t.Errorf("it asks for %s", location.RawQuery)
	}
	second, err := flow.Pending.Load(handshake.Handles(got.Cookie)[0])
	if err != nil || !second.Again || second.ReturnTo != first.ReturnTo || second.State.Reveal() != location.Query().Get("state") {
		t.Errorf("the pending login is %+v, %v", second, err)
	}
	if third := flow.lacking(context.Background(), metadata, second, &r, oidc.SignIn{}); third == nil || third.Location != "" || len(third.Lacks) != 1 {
		t.Errorf("the second try: %+v", third)
	}
	if notices != nil {
		t.Errorf("notices: %q", notices)
	}
	metadata.AuthorizationEndpoint = "http://id.example.com/authorize"
	if none := flow.lacking(context.Background(), metadata, first, &r, oidc.SignIn{}); none == nil || none.Location != "" || len(none.Lacks) != 1 {
		t.Errorf("no second one can be begun: %+v", none)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "another sign-in could not be begun") {
		t.Errorf("notices: %q", notices)
	}
}
