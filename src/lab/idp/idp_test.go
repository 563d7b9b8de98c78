// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const verifier = "verifier-verifier-verifier-verifier-verifier"

type tokenResponse struct {
	Status      int
	Error       string `json:"error"`
	Description string `json:"error_description"`
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "ES256"} {
		v := newVisitor(t)
		v.idp.SetAlgorithm(alg)
		back := v.choose("alice", nil)
		if back.Get("state") != "the-state" || back.Get("iss") != v.idp.URL {
			t.Errorf("%s: state and iss come back as %q and %q", alg, back.Get("state"), back.Get("iss"))
		}
		response := v.exchange(back.Get("code"), nil)
		claims, err := v.verify(response.IDToken)
		if err != nil {
			t.Fatalf("%s: the ID token: %v", alg, err)
		}
		for name, want := range map[string]any{"sub": "alice", "nonce": "the-nonce", "email": "alice@example.com", "email_verified": true, "at_hash": atHash(alg, response.AccessToken)} {
			if claims[name] != want {
				t.Errorf("%s: %s is %v, want %v", alg, name, claims[name], want)
			}
		}
		request, _ := http.NewRequest(http.MethodGet, v.idp.EndpointURL(UserInfo), nil)
		request.Header.Set("Authorization", "Bearer "+response.AccessToken)
		answer, err := v.http.Do(request)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%s: UserInfo: %v, %v", alg, answer, err)
		}
		_ = answer.Body.Close()
		if n := v.idp.Count(Token); n != 1 {
			t.Errorf("%s: %d token requests were counted", alg, n)
		}
		if got := v.idp.Requests(Token)[0].Authorization; got != "basic" {
			t.Errorf("%s: client authentication was seen as %q", alg, got)
		}
	}
}

func TestAuthorizationRequestIsChecked(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	for _, test := range []struct {
		name, value, want string
	}{
		{"response_type", "token", "unsupported_response_type"},
		{"scope", "profile", "invalid_scope"},
		{"code_challenge", "", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"},
		{"prompt", "none", "login_required"},
		{"request", "x", "request_not_supported"},
	} {
		response, err := v.http.Get(v.authorizeURL(func(q url.Values) { q.Set(test.name, test.value) }))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		location, err := response.Location()
		if err != nil || location.Query().Get("error") != test.want || location.Query().Get("state") != "the-state" {
			t.Errorf("%s=%s: came back as %v, want error %s", test.name, test.value, location, test.want)
		}
	}
	for name, value := range map[string]string{"client_id": "other", "redirect_uri": "https://evil.example.com/cgi-bin/luci-sso/callback"} {
		response, err := v.http.Get(v.authorizeURL(func(q url.Values) { q.Set(name, value) }))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 400 || response.Header.Get("Location") != "" {
			t.Errorf("%s=%s: status %d, want 400 and no redirect", name, value, response.StatusCode)
		}
	}
}

func TestTokenRequestIsChecked(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	post := func(id, secret string) func(url.Values, *http.Request) {
		return func(f url.Values, r *http.Request) {
			r.Header.Del("Authorization")
			f.Set("client_id", id)
			f.Set("client_secret", secret)
		}
	}
	set := func(name, value string) func(url.Values, *http.Request) {
		return func(f url.Values, _ *http.Request) { f.Set(name, value) }
	}
	for _, test := range []struct {
		name   string
		change func(url.Values, *http.Request)
		status int
		want   string
	}{
		{"basic", nil, 200, ""},
		{"post", post("luci-router", "lab-secret"), 200, ""},
		{"wrong secret", post("luci-router", "x"), 401, "invalid_client"},
		{"other client", post("x", "lab-secret"), 401, "invalid_client"},
		{"no authentication", func(_ url.Values, r *http.Request) { r.Header.Del("Authorization") }, 401, "invalid_client"},
		{"both ways", set("client_secret", "lab-secret"), 400, "invalid_request"},
		{"grant type", set("grant_type", "password"), 400, "unsupported_grant_type"},
		{"code", set("code", "x"), 400, "invalid_grant"},
		{"redirect_uri", set("redirect_uri", redirect+"/"), 400, "invalid_grant"},
		{"verifier", set("code_verifier", verifier+"x"), 400, "invalid_grant"},
	} {
		got := v.exchange(v.choose("alice", nil).Get("code"), test.change)
		if got.Status != test.status || got.Error != test.want {
			t.Errorf("%s: %d %q, want %d %q", test.name, got.Status, got.Error, test.status, test.want)
		}
	}
	code := v.choose("alice", nil).Get("code")
	v.exchange(code, nil)
	if again := v.exchange(code, nil); again.Error != "invalid_grant" {
		t.Errorf("a code was taken twice: %+v", again)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	before := v.exchange(v.choose("alice", nil).Get("code"), nil)
	if err := v.idp.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := v.verify(before.IDToken); err == nil {
		t.Error("a token of the old key is still good")
	}
	after := v.exchange(v.choose("alice", nil).Get("code"), nil)
	if _, err := v.verify(after.IDToken); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	response := v.exchange(v.choose("alice", nil).Get("code"), nil)
	if v.idp.SignedIn() != 1 {
		t.Fatalf("%d browsers are signed in, want 1", v.idp.SignedIn())
	}
	get := func(query url.Values) *http.Response {
		answer, err := v.http.Get(v.idp.EndpointURL(EndSession) + "?" + query.Encode())
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer
	}
	if answer := get(url.Values{"id_token_hint": {"junk"}}); answer.StatusCode != 400 {
		t.Errorf("a bad hint is answered with %d", answer.StatusCode)
	}
	if answer := get(url.Values{"post_logout_redirect_uri": {"https://localhost/"}}); answer.StatusCode != 400 {
		t.Errorf("a redirect for nobody is answered with %d", answer.StatusCode)
	}
	answer := get(url.Values{"id_token_hint": {response.IDToken}, "post_logout_redirect_uri": {"https://localhost:8443/"}, "state": {"s"}})
	if got := answer.Header.Get("Location"); got != "https://localhost:8443/?state=s" {
		t.Errorf("after logout the browser goes to %q", got)
	}
	if v.idp.SignedIn() != 0 {
		t.Error("the browser is still signed in")
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	get := func(answer Answer) (*http.Response, string, error) {
		remove := v.idp.Inject(Fault{At: map[Endpoint]Answer{Discovery: answer}})
		defer remove()
		client := *v.http
		client.Timeout = 500 * time.Millisecond
		response, err := client.Get(v.idp.EndpointURL(Discovery))
		if err != nil {
			return nil, "", err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		return response, string(body), err
	}
	if response, body, err := get(Answer{Status: 503, Header: http.Header{"Retry-After": {"7"}, "Content-Type": nil}, Body: []byte("busy")}); err != nil ||
		response.StatusCode != 503 || body != "busy" || response.Header.Get("Retry-After") != "7" {
		t.Errorf("a replaced answer is %v %q, %v", response, body, err)
	}
	if response, _, err := get(Answer{Status: 599, StatusText: "Odd"}); err != nil || response.Status != "599 Odd" {
		t.Errorf("an odd status line is %v, %v", response, err)
	}
	if _, body, err := get(Answer{PadTo: 300 << 10}); err != nil || len(body) != 300<<10 {
		t.Errorf("a padded answer has %d bytes, %v", len(body), err)
	}
	if response, _, err := get(Answer{Location: "/x"}); err != nil || response.StatusCode != 302 {
		t.Errorf("a redirect is %v, %v", response, err)
	}
	if _, body, err := get(Answer{Body: NoBody}); err != nil || body != "" {
		t.Errorf("an empty body is %q, %v", body, err)
	}
	for name, answer := range map[string]Answer{"hang": {Hang: true}, "reset": {Reset: true}, "delay": {Delay: time.Minute},
		"half": {CutAfter: 10}, "headers alone": {CutAfter: CutAtOnce}, "drip": {Drip: 100 * time.Millisecond}} {
		if _, body, err := get(answer); err == nil {
			t.Errorf("%s: a whole answer came: %q", name, body)
		}
	}
	remove := v.idp.Inject(Fault{At: map[Endpoint]Answer{Discovery: {Status: 500, Times: 1}}})
	defer remove()
	for i, want := range []int{500, 200} {
		response, err := v.http.Get(v.idp.EndpointURL(Discovery))
		if err != nil || response.StatusCode != want {
			t.Errorf("request %d of a fault for one request: %v, %v", i+1, response, err)
			continue
		}
		_ = response.Body.Close()
	}
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.idp.Down()
	if _, err := v.http.Get(v.idp.EndpointURL(Discovery)); err == nil {
		t.Error("a provider that is down answers")
	}
	if err := v.idp.Up(); err != nil {
		t.Fatal(err)
	}
	response, err := v.http.Get(v.idp.EndpointURL(Discovery))
	if err != nil {
		t.Fatalf("after Up: %v", err)
	}
	_ = response.Body.Close()
}

func TestPersonsOwnFault(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	for person, want := range map[string]bool{"frank": false, "alice": true} {
		claims, err := v.verify(v.exchange(v.choose(person, nil).Get("code"), nil).IDToken)
		if err != nil {
			t.Fatal(err)
		}
		if (claims["nonce"] == "the-nonce") != want {
			t.Errorf("%s: the nonce is %v", person, claims["nonce"])
		}
	}
}

func TestCatalogueIsUsable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, fault := range Catalogue() {
		if fault.Name == "" || fault.Summary == "" || seen[fault.Name] || strings.ContainsAny(fault.Name, " ,") {
			t.Errorf("fault %q: needs a unique name without blanks and a summary", fault.Name)
		}
		seen[fault.Name] = true
	}
	if _, err := Named("no-such-thing"); !errors.Is(err, errUnknownFault) {
		t.Errorf("an unknown name gives %v", err)
	}
}

func TestPagesShowWhatIsSent(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	response, err := v.http.Get(v.authorizeURL(nil))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	for _, part := range []string{`id="person-alice"`, "alice@example.com", "email_verified", "wrong-nonce", "localhost:8443"} {
		if !strings.Contains(string(body), part) {
			t.Errorf("the login page lacks %q", part)
		}
	}
	response, err = v.http.PostForm(v.idp.URL+"/", url.Values{"fault": {"discovery-500", "jwks-500"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := strings.Join(v.idp.ActiveNames(), " "); got != "discovery-500 jwks-500" {
		t.Errorf("the page switched on %q", got)
	}
}
