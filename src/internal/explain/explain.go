// SPDX-License-Identifier: Apache-2.0

// Package explain owns what is said of a code of the log (meaning, causes,
// remedies) and of a provider's error, at the shell and to the page. The words
// are package fault's.
package explain

import (
	"strings"

	"luci-sso/internal/fault"
	"luci-sso/internal/near"
	"luci-sso/internal/syslog"
)

// Code is what is known of a code, in the form of --json and of the rpcd
// plugin.
type Code struct {
	Code     string   `json:"code"`
	Known    bool     `json:"known"`
	Status   int      `json:"status"`
	Outcome  string   `json:"outcome"` // What the request ends in; the code itself for an outcome.
	Sentence string   `json:"sentence"`
	Brief    string   `json:"brief"` // As the page has it.
	Meaning  string   `json:"meaning"`
	Causes   []string `json:"causes"`
	Remedies []string `json:"remedies"`
	Near     string   `json:"near,omitempty"` // Of an unknown one, the code that it may have been meant to be.
}

// ForCode returns what is known of a code; of an unknown one, that it is so.
func ForCode(name string) Code {
	c := Code{Code: syslog.Printable(name, 80), Causes: []string{}, Remedies: []string{}}
	entry, found := fault.Lookup(fault.Code(name))
	if !found {
		return c
	}
	chain := fault.New(entry.Code, "").Chain()
	c.Known, c.Status, c.Outcome = true, entry.Status, string(chain[len(chain)-1])
	c.Sentence, c.Brief, c.Meaning, c.Causes, c.Remedies = entry.Sentence, entry.Brief, entry.Meaning, entry.Causes, entry.Remedies
	return c
}

// NearestCode is the code that name was to be, "" when it was to be none.
func NearestCode(name string) string {
	var codes []string
	for _, entry := range fault.Catalogue() {
		codes = append(codes, string(entry.Code))
	}
	return near.Name(strings.ToUpper(strings.Trim(name, "[]")), codes)
}

// Error is what is known of a provider's error.
type Error struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
	Known       bool   `json:"known"`
	Callback    string `json:"at_callback"`       // Code when it comes with the browser.
	Token       string `json:"at_token_endpoint"` // Code when the token endpoint answers with it.
	Who         string `json:"who"`
	Remedy      string `json:"remedy"`
}

// ForError returns the advice on a provider's error.
func ForError(value, description string) Error {
	if description == "" && strings.Contains(value, " ") {
		value, description = "", value
	}
	token := fault.ProviderError(fault.TokenEndpoint, value, description, 400)
	return Error{
		Error: syslog.Printable(value, 80), Description: syslog.Printable(description, 200), Known: token.Known,
		Callback: string(fault.IdPError), Token: string(token.Code), Who: token.Who.String(), Remedy: token.Do,
	}
}

// Capital begins a sentence, unless with the name of an option or a program.
func Capital(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if text == "" || first == "option" || strings.ContainsAny(first, "_-/") || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}
