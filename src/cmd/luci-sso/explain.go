// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strconv"
	"strings"

	"luci-sso/internal/explain"
	"luci-sso/internal/fault"
	"luci-sso/internal/syslog"
)

func runExplain(args []string) int {
	asJSON, list := false, false
	var words []string
	for _, arg := range args {
		switch {
		case arg == "--json":
			asJSON = true
		case arg == "--list":
			list = true
		case strings.HasPrefix(arg, "-"):
			return misuse("explain", "unknown option "+quoted(arg))
		default:
			words = append(words, arg)
		}
	}
	p := &printer{colour: colour()}
	var value any
	status := exitOK
	switch {
	case list == (len(words) > 0):
		return misuse("explain", "it takes a code, an error or --list")
	case list:
		value = p.list()
	default:
		value, status = p.explain(words[0], strings.Join(words[1:], " "))
	}
	if asJSON {
		printJSON(value)
	} else {
		print(os.Stdout, p.String())
	}
	return status
}

// printer collects the text for a terminal.
type printer struct {
	strings.Builder
	colour bool
}

func (p *printer) explain(name, description string) (any, int) {
	if code := explain.ForCode(strings.ToUpper(strings.Trim(name, "[]"))); code.Known {
		p.code(code)
		return code, exitOK
	}
	e := explain.ForError(name, description)
	if code := explain.NearestCode(name); !e.Known && code != "" {
		// More likely a slip of the fingers than an error of the provider's.
		_, _ = p.WriteString("There is no code " + syslog.Quote(name) + ". Did you mean " + code + "?\n")
		return explain.Code{Code: syslog.Printable(name, 80), Near: code, Causes: []string{}, Remedies: []string{}}, exitFail
	}
	p.err(e)
	if !e.Known {
		return e, exitFail
	}
	return e, exitOK
}

func (p *printer) code(c explain.Code) {
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

func (p *printer) err(e explain.Error) {
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

func (p *printer) list() []explain.Code {
	var codes []explain.Code
	for _, entry := range fault.Catalogue() {
		c := explain.ForCode(string(entry.Code))
		codes = append(codes, c)
		p.WriteString(p.bold(pad(c.Code, 28)) + p.dim(strconv.Itoa(c.Status)) + "  " + c.Meaning + "\n")
	}
	return codes
}

func (p *printer) items(title string, items []string) {
	p.WriteString("\n" + p.bold(title) + "\n")
	for _, item := range items {
		p.fold(explain.Capital(item)+".", "  - ")
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

func (p *printer) bold(text string) string { return p.paint("1", text) }
func (p *printer) dim(text string) string  { return p.paint("2", text) }

func (p *printer) paint(style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}
