// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"luci-sso/internal/cgi"
	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/host"
	"luci-sso/internal/paths"
	"luci-sso/internal/syslog"
)

// start sends the browser to the provider, or first to the host that it will
// come back to.
func (r *request) start(ctx context.Context) (cgi.Response, error) {
	place, err := host.Decide(ctx, host.Settings{Host: r.Host, RedirectURI: r.config.Text("redirect_uri"), Listed: r.config.List("host")}, host.OnRouter())
	if err != nil {
		return cgi.Response{}, fault.Wrap(fault.ConfigError, err, "a login was started at the Host "+syslog.Quote(r.Host)+", but "+err.Error()+
			": set option redirect_uri, or name the host in list host")
	}
	wanted := ""
	if r.FromHere() {
		// Else any site could open a page of its choice in the session, which
		// the Strict cookie is there to prevent.
		wanted, _ = r.Param("return")
		wanted = localPage(wanted)
	}
	if place.First != "" && !r.HasParam(movedParam) {
		return r.move(place.First, wanted), nil
	}
	flow := r.flow()
	location, handle, err := flow.Begin(ctx, r.config.Callback(place.RedirectURI), wanted)
	if err != nil {
		return cgi.Response{}, err
	}
	if unknown := r.config.Unknown; len(unknown) > 0 {
		// Once for each login, where somebody looks who wonders about it.
		r.log.Line(syslog.Warning, "these names in "+paths.Config()+" are not known and do nothing: "+config.Names(unknown)+"; luci-sso doctor says more")
	}
	for i := range r.config.Roles {
		if why := r.config.Roles[i].FaultOf(); why != "" {
			r.log.Line(syslog.Warning, "role "+syslog.Quote(r.config.Roles[i].Name)+" gives nothing to anybody until it is mended: "+why)
			break
		}
	}
	return cgi.Redirect(location, stateCookie(flow.Pending.Remember(handle, r.stateCookie()))), nil
}

// movedParam is in the address of a start that another host has sent here. A
// proxy that keeps the browser's Host to itself makes every start look as if
// it were under another name: it is sent on once, and then goes ahead.
const movedParam = "moved"

// move has the login start at another host of this router. The wanted page
// goes along as what anybody may name in a link: LuCI's own address there,
// with its login form and our button, whose click is then the wish of a page
// of that host. As a parameter of the start it would need a proof that it came
// from a page of ours; the Referer does not survive the change of hosts, and
// whatever the router could seal into the address here, a program can ask it
// for and give to somebody else's browser.
func (r *request) move(origin, wanted string) cgi.Response {
	if wanted != "" && wanted != luciPath {
		return cgi.Redirect(origin + wanted)
	}
	query := r.Query("return", movedParam)
	if query != "" {
		query += "&"
	}
	return cgi.Redirect(origin + basePath + "?" + query + movedParam + "=1")
}
