// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/store"
)

// CacheLifetime is how long the discovery document and the keys are used
// before they are fetched again.
const CacheLifetime = 24 * time.Hour

// staleTime is how long the provider has to answer where a kept copy could
// serve as well.
const staleTime = 3 * time.Second

// maxRedirects is how many addresses a document may lead through.
const maxRedirects = 3

// document is a JSON document of the provider that is kept between requests.
type document struct {
	what  string // In diagnostics.
	kind  string // In its file's name.
	url   string
	codes codes
	// status is the fault for an answer other than 200.
	status fault.Code
	// lifetime is for how long a kept copy is as good as a fetched one;
	// CacheLifetime when it is 0.
	lifetime time.Duration
	// patience is how long another process that is fetching it is waited for.
	patience time.Duration
	// atLeast is how old a kept copy has to be before it is fetched again.
	atLeast time.Duration
	// check refuses a fetched document before it is kept. cached tells a
	// copy from disk, which passed when it was fetched.
	check func(body []byte, cached bool) error
}

// cacheName is the file name of a kept document. It depends on the issuer, so
// that another provider never meets this one's keys, and on the way there:
// what was fetched from another host, or from whoever another certificate
// authority vouched for, is nothing that is trusted now.
func (p *Party) cacheName(kind string) string {
	return p.issuerPrefix() + hash(p.InternalHost+"\x00"+p.Channel.TrustMark()) + "." + kind + ".json"
}

func (p *Party) issuerPrefix() string { return hash(p.Issuer) + "-" }

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// load returns the document through check: a kept copy that is fresh, else a
// fetched one, else, when the provider is down, the kept copy however old.
// force skips the fresh copy. kept reports that a copy was used.
func (p *Party) load(ctx context.Context, d document, force bool) (kept bool, err error) {
	if p.CacheDir == "" {
		_, err := p.take(ctx, d)
		return false, err
	}
	if d.lifetime == 0 {
		d.lifetime = CacheLifetime
	}
	path := p.CacheDir + "/" + p.cacheName(d.kind)
	began := time.Now()
	age, usable := p.keptAge(path, d)
	if usable && age >= 0 && (age < d.atLeast || !force && age < d.lifetime) {
		return true, nil
	}
	spare := usable && !force // The kept copy will do: keep the time for what has none.
	turn, err := takeTurn(path, d.patience, spare)
	if errors.Is(err, store.ErrBusy) {
		if spare {
			p.Notice("using the kept " + d.what + ": another login is waiting for the provider's answer")
			return true, nil
		}
		return false, fault.New(fault.ProviderAwaited, d.what+" "+p.Veil.Address(d.url)+": another login has been waiting for the provider's answer for some seconds, nothing is kept, and this one does not wait as well")
	}
	// Without a turn (a full or read-only disk) nobody can be spared.
	defer turn.end()
	if turn.waited {
		age, again := p.keptAge(path, d)
		if again && age >= 0 && age < d.lifetime && (!force || turn.since(path, began)) {
			return true, nil
		}
	}
	if code, detail, ago := turn.failure(p.Now()); code != "" {
		if spare {
			p.Notice("using the kept " + d.what + " because the provider did not answer " + ago + " s ago: " + detail)
			return true, nil
		}
		return false, fault.Wrap(code, errDown, detail+" ("+ago+" s ago; it is asked again in a moment)")
	}
	if spare {
		limited, cancel := context.WithTimeout(ctx, staleTime)
		defer cancel()
		ctx = limited
	}
	asked := time.Now()
	body, err := p.take(ctx, d)
	if err == nil {
		turn.forget()
		p.keep(path, d, body)
		return false, nil
	}
	if errors.Is(err, errDown) && time.Since(asked) >= slow {
		turn.remember(p.Now(), err)
	}
	if spare && errors.Is(err, errDown) {
		p.Notice("using the kept " + d.what + " because the provider does not answer: " + fault.Plain(err))
		return true, nil
	}
	return false, err
}

// take fetches and checks a document.
func (p *Party) take(ctx context.Context, d document) ([]byte, error) {
	body, err := p.fetch(ctx, d)
	if err == nil {
		err = d.check(body, false)
	}
	if err != nil {
		return nil, err
	}
	if p.fetched != nil {
		p.fetched[d.kind] = body
	}
	return body, nil
}

// keep writes a document and takes away those of the same issuer that were
// fetched in another way and are too old to be of use.
func (p *Party) keep(path string, d document, body []byte) {
	if err := store.WriteFile(path, body); err != nil {
		p.Notice("cannot keep the " + d.what + ": " + err.Error())
		return
	}
	entries, _ := os.ReadDir(p.CacheDir)
	for _, entry := range entries {
		other := p.CacheDir + "/" + entry.Name()
		if other == path || !strings.HasPrefix(entry.Name(), p.issuerPrefix()) || !strings.HasSuffix(entry.Name(), "."+d.kind+".json") {
			continue
		}
		if info, err := entry.Info(); err == nil && store.Age(p.Now(), info.ModTime()).Abs() >= CacheLifetime {
			_ = os.Remove(other)
		}
	}
}

// KeepFetched stores what FetchMetadata and UsableKeys were answered in dir,
// for the logins of the same configuration.
func (p *Party) KeepFetched(dir string) {
	p.CacheDir = dir
	for kind, body := range p.fetched {
		path := dir + "/" + p.cacheName(kind)
		p.keep(path, document{what: kind, kind: kind}, body)
		_ = os.Truncate(turnFile(path), 0) // It answers again.
	}
}

// errDown marks a provider that cannot be reached or fails by itself, as
// against one that answers something wrong. errMoved marks an answer as of an
// endpoint that is not, or no longer, at this address.
var (
	errDown  = errors.New("the provider is down")
	errMoved = errors.New("the endpoint is somewhere else")
)

// moved reports whether an answer says that the endpoint is not here.
func moved(response backchannel.Response) bool {
	return response.Status == 404 || response.Status == 405 || response.Status == 410 || response.Status >= 300 && response.Status < 400
}

func (p *Party) fetch(ctx context.Context, d document) ([]byte, error) {
	response, at, err := p.get(ctx, d)
	if err != nil {
		if f, ok := fault.As(err); ok && f.Code == d.codes.network {
			f.Err = errors.Join(errDown, f.Err)
		}
		return nil, err
	}
	if response.Status != 200 {
		detail := d.what + " " + p.Veil.Address(at) + " answered with HTTP status " + strconv.Itoa(response.Status)
		if response.Location != "" {
			detail += ", a redirect to " + p.Veil.Redirect(response.Location) + " that is not followed"
		}
		f := fault.New(d.status, detail)
		switch {
		case response.Status >= 500:
			f.Err = errDown
		case moved(response):
			f.Err = errMoved
		}
		return nil, f
	}
	return response.Body, nil
}

// get asks for a document and follows a few redirects within its host: some
// providers publish it under another path than the standard's. Nothing secret
// goes along, and whatever comes has to name the issuer.
func (p *Party) get(ctx context.Context, d document) (response backchannel.Response, at string, err error) {
	at = d.url
	for range maxRedirects {
		response, err = p.do(ctx, d.what, d.codes, backchannel.Request{URL: at, Accept: "application/json"})
		next := ""
		if err == nil {
			next = p.redirect(at, response)
		}
		if next == "" {
			return response, at, err
		}
		at = next
	}
	response, err = p.do(ctx, d.what, d.codes, backchannel.Request{URL: at, Accept: "application/json"})
	return response, at, err
}

// redirect is where an answer leads to within the host of at and over https,
// else "". The host may be called by the name it was really asked by.
func (p *Party) redirect(at string, response backchannel.Response) string {
	switch response.Status {
	case 301, 302, 303, 307, 308:
	default:
		return ""
	}
	base, err := url.Parse(at)
	if err != nil || response.Location == "" {
		return ""
	}
	target, err := base.Parse(response.Location)
	if err != nil || target.Scheme != "https" || target.User != nil {
		return ""
	}
	if host := origin(target); host != origin(base) && (p.InternalHost == "" || host != origin(&url.URL{Host: p.InternalHost})) {
		return ""
	}
	target.Host = base.Host
	return target.String()
}

// origin is host and port of an https URL.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// keptAge reads a kept document through check. The age is negative when the
// file comes from the future, as after a clock jump.
func (p *Party) keptAge(path string, d document) (age time.Duration, usable bool) {
	file, err := store.Open(path)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, false
	}
	body, err := io.ReadAll(io.LimitReader(file, backchannel.MaxBody))
	if err != nil || d.check(body, true) != nil {
		return 0, false
	}
	return p.Now().Sub(info.ModTime()), true
}
