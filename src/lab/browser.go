// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"luci-sso/lab/idp"
)

// Paths of the router as a browser sees them.
const (
	SSO      = "/cgi-bin/luci-sso"
	Callback = "/cgi-bin/luci-sso/callback"
	Logout   = "/cgi-bin/luci-sso/logout"
	LuCI     = "/cgi-bin/luci/"
)

// HandshakeCookie is the name of the cookie of a pending login.
const HandshakeCookie = "__Host-luci_sso_state"

// Client makes an HTTP client with a cookie jar that trusts the lab's
// authority and follows redirects. Of a browser's rules it knows Secure, Path
// and expiry, but not SameSite.
func (l *Lab) Client() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // It never fails without options.
	}
	return &http.Client{Jar: jar, Timeout: 90 * time.Second, Transport: l.transport()}
}

func (l *Lab) transport() *http.Transport {
	return &http.Transport{
		TLSClientConfig:       &tls.Config{RootCAs: l.CA.Pool()},
		DisableKeepAlives:     true,
		ResponseHeaderTimeout: 90 * time.Second,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if port, ok := strings.CutPrefix(addr, "localhost:"); ok {
				addr = "127.0.0.1:" + port // Only this one is listened on for certain.
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
}

// Browser is a client that takes one step at a time.
type Browser struct {
	HTTP *http.Client // Does not follow redirects.
	lab  *Lab
}

// Browser makes one with an empty cookie jar.
func (l *Lab) Browser() *Browser {
	client := l.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{HTTP: client, lab: l}
}

// Page is a response that has been read.
type Page struct {
	Status   int
	Header   http.Header
	Location string // Absolute; "" when the response leads nowhere.
	Body     string
	Cookies  []*http.Cookie // Set by this response.
	URL      string         // Which was asked for.
}

// Get fetches an address, absolute or of the router.
func (b *Browser) Get(address string) (*Page, error) { return b.do(http.MethodGet, address, nil) }

// Post sends a form.
func (b *Browser) Post(address string, form url.Values) (*Page, error) {
	return b.do(http.MethodPost, address, form)
}

func (b *Browser) do(method, address string, form url.Values) (*Page, error) {
	if strings.HasPrefix(address, "/") {
		address = b.lab.Router.URL + address
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	request.Header.Set("User-Agent", "Mozilla/5.0 (lab) Chrome/1")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	page := &Page{Status: response.StatusCode, Header: response.Header, Body: string(text), Cookies: response.Cookies(), URL: address}
	if location, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		page.Location = location.String()
	}
	return page, nil
}

// Cookie is the value of a cookie the browser would send to the router's path;
// "" when there is none.
func (b *Browser) Cookie(path, name string) string {
	target, err := url.Parse(b.lab.Router.URL + path)
	if err != nil {
		return ""
	}
	for _, cookie := range b.HTTP.Jar.Cookies(target) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// SetCookie plants a cookie of the router, such as an old one of LuCI's.
func (b *Browser) SetCookie(cookie *http.Cookie) {
	target, err := url.Parse(b.lab.Router.URL + cookie.Path)
	if err == nil {
		b.HTTP.Jar.SetCookies(target, []*http.Cookie{cookie})
	}
}

// Refusal is the answer that ended a login.
type Refusal struct {
	Step string // "start", "provider", "callback" or "landing".
	*Page
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("the login ended at the %s with status %d: %s", r.Step, r.Status, firstLine(r.Body))
}

// AsRefusal finds the refusal in an error.
func AsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	return r, errors.As(err, &r)
}

// Begin starts a login and returns the provider's address.
func (b *Browser) Begin() (authorize string, err error) {
	page, err := b.Get(SSO)
	if err != nil {
		return "", err
	}
	if page.Status != http.StatusFound || page.Location == "" {
		return "", &Refusal{"start", page}
	}
	return page.Location, nil
}

// SignIn chooses a person at the provider and returns the callback's address,
// which has not been visited yet. Faults apply to this sign-in alone.
func (b *Browser) SignIn(authorize, person string, faults ...string) (callback string, err error) {
	// Like a browser: the page first, then its form.
	page, err := b.Get(authorize)
	if err != nil {
		return "", err
	}
	if page.Status == http.StatusOK {
		if page, err = b.Post(authorize, url.Values{"person": {person}, "fault": faults}); err != nil {
			return "", err
		}
	}
	if page.Location == "" || !strings.HasPrefix(page.Location, b.lab.Router.URL+"/") {
		return "", &Refusal{"provider", page}
	}
	return page.Location, nil
}

// Finish visits the callback and the page it leads to.
func (b *Browser) Finish(callback string) (*Session, error) {
	page, err := b.Get(callback)
	if err != nil {
		return nil, err
	}
	if page.Status != http.StatusFound || page.Location == "" {
		return nil, &Refusal{"callback", page}
	}
	landing, err := b.Get(page.Location)
	if err != nil {
		return nil, err
	}
	if landing.Status != http.StatusOK {
		return nil, &Refusal{"landing", landing}
	}
	id := b.Cookie(LuCI, "sysauth_https")
	session, ok, err := b.lab.Session(id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("the callback set a cookie for a session that rpcd does not have")
	}
	return &session, nil
}

// Login signs somebody in from the button to LuCI's page.
func (b *Browser) Login(person string, faults ...string) (*Session, error) {
	authorize, err := b.Begin()
	if err != nil {
		return nil, err
	}
	callback, err := b.SignIn(authorize, person, faults...)
	if err != nil {
		return nil, err
	}
	return b.Finish(callback)
}

// PasswordLogin signs in at LuCI's own form.
func (b *Browser) PasswordLogin(user, password string) error {
	page, err := b.Post(LuCI, url.Values{"luci_username": {user}, "luci_password": {password}})
	if err != nil {
		return err
	}
	if page.Status != http.StatusFound {
		return &Refusal{"password", page}
	}
	return nil
}

// Login signs somebody in with a browser of their own.
func (l *Lab) Login(person string, faults ...string) (*Session, error) {
	return l.Browser().Login(person, faults...)
}

// With runs f while faults are on.
func (l *Lab) With(f func(), faults ...idp.Fault) {
	remove := l.IDP.Inject(faults...)
	defer remove()
	f()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}
