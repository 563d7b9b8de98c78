// SPDX-License-Identifier: Apache-2.0

package idp

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed pages.html
var pagesHTML string

//go:embed style.css
var styleSheet string

var pages = template.Must(template.New("").Parse(pagesHTML))

type personRow struct {
	Login, Name, Email, About, Preview, Initial string
	Faults                                      []string
	SignedIn                                    bool
}

type faultRow struct {
	Name, Summary string
	On            bool
}

// peoplePage offers the people and what to break.
func (p *Provider) peoplePage(w http.ResponseWriter, query url.Values, signedIn string) {
	var rows []personRow
	scopes := strings.Fields(query.Get("scope"))
	for _, person := range p.Cast.People {
		claims := person.StandardClaims(scopes)
		claims["sub"] = person.Subject
		preview, _ := json.MarshalIndent(claims, "", "  ")
		name := person.Name
		if name == "" {
			name = person.Login
		}
		rows = append(rows, personRow{
			Login: person.Login, Name: name, Email: person.Email, About: person.About, Preview: string(preview),
			Initial: strings.ToUpper(name[:1]), Faults: person.Faults, SignedIn: person.Login == signedIn,
		})
	}
	redirect, _ := url.Parse(query.Get("redirect_uri"))
	p.page(w, http.StatusOK, "people", map[string]any{
		"Client": query.Get("client_id"), "Router": redirect.Host, "Scope": query.Get("scope"),
		"People": rows, "Faults": p.faultRows(), "Action": "?" + query.Encode(),
	})
}

func (p *Provider) faultRows() []faultRow {
	on := p.ActiveNames()
	var rows []faultRow
	for _, fault := range catalogue {
		rows = append(rows, faultRow{Name: fault.Name, Summary: fault.Summary, On: has(on, fault.Name)})
	}
	return rows
}

// home shows the state of the provider and switches faults that stay on.
func (p *Provider) home(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			p.errorPage(w, http.StatusBadRequest, "Bad form", err.Error())
			return
		}
		if r.PostForm.Has("rotate") {
			if err := p.Rotate(); err != nil {
				p.errorPage(w, http.StatusInternalServerError, "No new keys", err.Error())
				return
			}
			p.log("signing keys rotated")
		} else if err := p.SetNamed(r.PostForm["fault"]...); err != nil {
			p.errorPage(w, http.StatusBadRequest, "Unknown fault", err.Error())
			return
		} else {
			p.log("faults that are on: %s", orNone(strings.Join(r.PostForm["fault"], ", ")))
		}
		if p.options.Changed != nil {
			p.options.Changed()
		}
		http.Redirect(w, r, p.options.Path+"/", http.StatusSeeOther)
		return
	}
	var kids []string
	for _, key := range p.KeysNow() {
		kids = append(kids, key.ID+" ("+key.Alg+")")
	}
	p.page(w, http.StatusOK, "home", map[string]any{
		"Issuer": p.URL, "Discovery": p.EndpointURL(Discovery), "SignedIn": p.signedIn(r),
		"Logout": p.EndpointURL(EndSession), "Keys": strings.Join(kids, ", "), "Faults": p.faultRows(),
	})
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (p *Provider) errorPage(w http.ResponseWriter, status int, title, text string) {
	p.log("refused: %s", title)
	p.messagePage(w, status, title, text)
}

func (p *Provider) messagePage(w http.ResponseWriter, status int, title, text string) {
	p.page(w, status, "message", map[string]any{"Title": title, "Text": text})
}

func (p *Provider) page(w http.ResponseWriter, status int, name string, data map[string]any) {
	data["Style"] = p.options.Path + "/style.css"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, data)
}
