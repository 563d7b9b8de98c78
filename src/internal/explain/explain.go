// SPDX-License-Identifier: Apache-2.0

// Package explain owns what `luci-sso explain` prints: the meaning, causes
// and remedies of a code of the log, or the advice on a provider's error. The
// words are package fault's; this package only lays them out, for a terminal
// or as JSON.
package explain

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"luci-sso/internal/fault"
	"luci-sso/internal/near"
	"luci-sso/internal/syslog"
)

// Usage is the command's help.
const Usage = `usage: luci-sso explain [--json] CODE | ERROR [DESCRIPTION]
       luci-sso explain [--json] --list

Explains a code of the log, such as USER_NOT_AUTHORIZED, or an error value of
an identity provider, such as access_denied, best together with the
description that the log cites behind it.
`

// Exit statuses.
const (
	ok      = 0
	unknown = 1
	misuse  = 2
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

// nearestCode is the code that name was to be, if it was to be one.
func nearestCode(name string) string {
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

// Run is the command. colour allows escape sequences; it returns the exit
// status: 1 for a code or error that nobody knows.
func Run(args []string, out, problems io.Writer, colour bool) int {
	asJSON, list := false, false
	var words []string
	for _, arg := range args {
		switch {
		case arg == "--json":
			asJSON = true
		case arg == "--list":
			list = true
		case arg == "--help" || arg == "-h":
			_, _ = io.WriteString(out, Usage)
			return ok
		case strings.HasPrefix(arg, "-"):
			_, _ = io.WriteString(problems, "luci-sso explain: unknown option "+syslog.Quote(arg)+"\n"+Usage)
			return misuse
		default:
			words = append(words, arg)
		}
	}
	p := &printer{colour: colour}
	var value any
	status := ok
	switch {
	case list && len(words) == 0:
		value = p.list()
	case list || len(words) == 0:
		_, _ = io.WriteString(problems, Usage)
		return misuse
	default:
		value, status = p.explain(words[0], strings.Join(words[1:], " "))
	}
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(value)
		return status
	}
	_, _ = io.WriteString(out, p.String())
	return status
}

// printer collects the text for a terminal.
type printer struct {
	strings.Builder
	colour bool
}

func (p *printer) explain(name, description string) (any, int) {
	if code := ForCode(strings.ToUpper(strings.Trim(name, "[]"))); code.Known {
		p.code(code)
		return code, ok
	}
	e := ForError(name, description)
	if code := nearestCode(name); !e.Known && code != "" {
		// More likely a slip of the fingers than an error of the provider's.
		_, _ = p.WriteString("There is no code " + syslog.Quote(name) + ". Did you mean " + code + "?\n")
		return Code{Code: syslog.Printable(name, 80), Near: code, Causes: []string{}, Remedies: []string{}}, unknown
	}
	p.err(e)
	if !e.Known {
		return e, unknown
	}
	return e, ok
}

func (p *printer) code(c Code) {
	p.WriteString(p.bold(c.Code) + p.dim("  HTTP status "+strconv.Itoa(c.Status)))
	if c.Outcome != c.Code {
		p.WriteString(p.dim(", the request ends in " + c.Outcome))
	}
	p.WriteString("\n\n")
	p.fold(c.Brief, "")
	p.WriteString("\n")
	p.fold(c.Meaning, "")
	p.items("Likely causes", c.Causes)
	p.items("What to do", c.Remedies)
	p.WriteString("\n")
	p.fold("The person signing in reads: "+c.Sentence, "")
}

func (p *printer) err(e Error) {
	title := e.Error
	if title == "" {
		title = e.Description
	}
	p.WriteString(p.bold(title) + p.dim("  an identity provider's error") + "\n\n")
	if !e.Known {
		p.fold("Neither a code of the log (luci-sso explain --list has them) nor an error that is known by name.", "")
	}
	p.fold("For "+e.Who+": "+e.Remedy+".", "")
	p.WriteString("\n")
	p.fold("In the log: "+e.Callback+" when the browser brings it back, "+e.Token+" when the token endpoint answers with it.", "")
}

func (p *printer) list() []Code {
	var codes []Code
	for _, entry := range fault.Catalogue() {
		c := ForCode(string(entry.Code))
		codes = append(codes, c)
		p.WriteString(p.bold(pad(c.Code, 28)) + p.dim(strconv.Itoa(c.Status)) + "  " + c.Meaning + "\n")
	}
	return codes
}

func (p *printer) items(title string, items []string) {
	p.WriteString("\n" + p.bold(title) + "\n")
	for _, item := range items {
		p.fold(Capital(item)+".", "  - ")
	}
}

// width is of a line for reading; a router's terminal is seldom wider.
const width = 78

// fold writes text in lines of at most width, the first after bullet, the
// others below it.
func (p *printer) fold(text, bullet string) {
	line := bullet
	indent := strings.Repeat(" ", len(bullet))
	for _, word := range strings.Fields(text) {
		if len(line) > len(indent) && len(line)+len(word) >= width {
			p.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

// Capital begins a sentence, unless with the name of an option or a program.
func Capital(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if text == "" || first == "option" || strings.ContainsAny(first, "_-/") || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}

func (p *printer) bold(text string) string { return p.paint("1", text) }
func (p *printer) dim(text string) string  { return p.paint("2", text) }

func (p *printer) paint(style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func pad(text string, n int) string {
	if len(text) >= n {
		return text + " "
	}
	return text + strings.Repeat(" ", n-len(text))
}
