// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"luci-sso/internal/config"
)

// block puts content between the two markers of a hand-written page that
// name it.
func block(page, name, content string) (string, error) {
	return between(page, "<!-- begin "+name+": made by scripts/generate-docs -->\n", "<!-- end -->\n", content)
}

// scriptBlock fills the block of a script of the page, which has its name.
func scriptBlock(repo, name, source, content string) (string, error) {
	data, err := os.ReadFile(filepath.Join(repo, "htdocs/luci-static/resources/luci-sso", name+".js"))
	if err != nil {
		return "", err
	}
	begin := "// begin " + name + ": made by scripts/generate-docs from " + source + "\n"
	return between(string(data), begin, "// end\n", content)
}

// between puts content between two lines of a text.
func between(text, begin, end, content string) (string, error) {
	before, rest, ok := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("it has no block %q", strings.TrimSpace(begin))
	}
	return before + begin + content + end + after, nil
}

func optionsPage(repo string) (string, error) {
	page, err := os.ReadFile(filepath.Join(repo, "docs/reference/uci-options.md"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| Option | Field on the page | Default | Values | What it does |\n|---|---|---|---|---|\n")
	for _, o := range config.Options {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", o.Name, cell(o.Label), defaultOf(o), valuesOf(o), cell(o.Help))
	}
	return block(string(page), "options", b.String())
}

func defaultOf(o config.Option) string {
	switch {
	case o.Required && o.Default != "":
		return "required; ships as `" + o.Default + "`"
	case o.Required:
		return "required"
	case o.Default == "":
		return "none"
	}
	return "`" + o.Default + "`"
}

func valuesOf(o config.Option) string {
	switch o.Kind {
	case config.Flag, config.Choice:
		return "`" + strings.Join(o.Values, "`, `") + "`"
	case config.Number:
		return "whole number, " + strconv.Itoa(o.Low) + " to " + strconv.Itoa(o.High)
	case config.URL:
		return "https URL, no user, query or fragment"
	case config.QueryURL:
		return "https URL, query allowed"
	case config.Path:
		return "absolute path"
	case config.List:
		return "list of texts"
	}
	if o.Values != nil {
		return "text that contains `" + strings.Join(o.Values, "` and `") + "`"
	}
	if o.High > 0 {
		return "text, at most " + strconv.Itoa(o.High) + " characters"
	}
	return "text"
}

// shipped says whether the package's file sets an option: the guides change
// these, and a person should find them.
func shipped(o config.Option) bool {
	return o.Required && o.Default != "" || o.Name == "enabled" || o.Name == "scope"
}

// shippedConfig is the file of the package: the settings from the table, the
// roles as they stand.
func shippedConfig(repo string) (string, error) {
	path := filepath.Join(repo, "package/luci-sso/files/etc/config/luci-sso")
	old, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	const first, roles = "config oidc 'default'\n", "\n# One section per role"
	head, rest, ok := strings.Cut(string(old), first)
	_, tail, found := strings.Cut(rest, roles)
	if !ok || !found {
		return "", fmt.Errorf("it lacks %q or %q", first, roles)
	}
	var b strings.Builder
	b.WriteString(head + first)
	for _, o := range config.Options {
		word, comment, value := "option", "#", o.Default
		if o.Kind == config.List {
			word = "list"
		}
		if shipped(o) {
			comment = ""
		}
		if value == "" {
			value = o.Example
		}
		fmt.Fprintf(&b, "\t# %s\n%s\t%s %s '%s'\n", o.Help, comment, word, o.Name, value)
	}
	return b.String() + roles + tail, nil
}

var kinds = [...]string{
	config.Flag: "flag", config.Choice: "choice", config.Number: "number", config.URL: "url", config.QueryURL: "query_url",
	config.Path: "path", config.Text: "text", config.Secret: "secret", config.List: "list",
}

// optionsScript is what the page knows of the options.
func optionsScript(repo string) (string, error) {
	var b strings.Builder
	b.WriteString("const options = [\n")
	for i, o := range config.Options {
		fmt.Fprintf(&b, "\t{\n\t\tname: %s, kind: %s, tested: %t, required: %t,\n", quote(o.Name), quote(kinds[o.Kind]), o.Tested, o.Required)
		fmt.Fprintf(&b, "\t\tlabel: _(%s),\n\t\thelp: _(%s)", quote(o.Label), quote(o.Help))
		if o.Default != "" {
			fmt.Fprintf(&b, ",\n\t\tdefault: %s", quote(o.Default))
		}
		if shipped(o) {
			b.WriteString(",\n\t\tshipped: true")
		}
		if o.Example != "" && o.Kind != config.Secret {
			fmt.Fprintf(&b, ",\n\t\texample: %s", quote(o.Example))
		}
		if o.Global {
			b.WriteString(",\n\t\tglobal: true")
		}
		switch o.Kind {
		case config.Choice:
			fmt.Fprintf(&b, ",\n\t\tvalues: [ %s ]", quoteAll(o.Values))
		case config.Number:
			fmt.Fprintf(&b, ",\n\t\tlow: %d, high: %d", o.Low, o.High)
		case config.Text:
			if o.High > 0 {
				fmt.Fprintf(&b, ",\n\t\thigh: %d", o.High)
			}
		}
		b.WriteString("\n\t}")
		if i < len(config.Options)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "];\n\nconst protocol = [ %s ];\n\n", quoteAll(config.ProtocolParams))
	fmt.Fprintf(&b, "const methods = [ %s ];\n", quoteAll(append(slices.Clone(config.Methods), config.OwnMethods...)))
	return scriptBlock(repo, "options", "src/internal/config", b.String())
}

func quoteAll(values []string) string {
	var list []string
	for _, v := range values {
		list = append(list, quote(v))
	}
	return strings.Join(list, ", ")
}

// quote writes a string of JavaScript in LuCI's single quotes.
func quote(s string) string {
	text, _ := json.Marshal(s)
	body := strings.ReplaceAll(string(text[1:len(text)-1]), `\"`, `"`)
	return "'" + strings.ReplaceAll(body, "'", `\'`) + "'"
}
