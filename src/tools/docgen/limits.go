// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"luci-sso/internal/app"
	"luci-sso/internal/backchannel"
	"luci-sso/internal/cgi"
	"luci-sso/internal/fault"
	"luci-sso/internal/handshake"
	"luci-sso/internal/oidc"
)

// limit is a number the documentation states; stated finds it in prose.
type limit struct {
	what   string
	value  int
	unit   string
	ends   fault.Code
	stated []string // Regular expressions whose group is the number.
}

func limits() []limit {
	seconds := func(d interface{ Seconds() float64 }) int { return int(d.Seconds()) }
	return []limit{
		{"query string, cookies, or one header of a request", cgi.MaxInput, "bytes", fault.InputTooLarge,
			[]string{`(?i)(?:query string|cookies?|cookie header)[^.|]{0,40}?([\d  ]{4,7}) bytes`}},
		{"query parameters", cgi.MaxParams, "", fault.InputTooLarge, []string{`(\d+) query parameters`}},
		{"cookies", cgi.MaxCookies, "", fault.InputTooLarge, []string{`(\d+) cookies`}},
		{"requests in a window of 60 seconds (options rate_limit and rate_window)", 50, "", fault.TooManyRequests,
			[]string{`(\d+) requests (?:per|in|within)[^.|]{0,12} 60`}},
		{"response of the provider", backchannel.MaxBody >> 10, "KB", "",
			[]string{`(?i)(?:response|body|bodies|answer)[^.|]{0,40}?(\d+) KB`}},
		{"ID token", oidc.MaxIDToken >> 10, "KB", fault.IDTokenVerificationFailed, []string{`(?i)ID tokens?[^.|]{0,40}?(\d+) KB`}},
		{"all requests to the provider within one request of a browser", seconds(app.BackchannelTime), "seconds", "", nil},
		{"logins in progress at a time", handshake.DefaultCapacity, "", fault.HandshakeCapacityExceeded,
			[]string{`(\d+) (?:concurrent |pending |simultaneous )*(?:logins in progress|pending logins|handshakes)`}},
		{"time for a login", seconds(handshake.DefaultLifetime), "seconds", fault.HandshakeExpired, nil},
		{"RSA key of the provider, at least", oidc.MinRSABits, "bits", fault.InvalidSignature, []string{`(?i)RSA keys? (?:under|below|of at least|from|smaller than) (\d{4}) bits`}},
	}
}

// limitsPage is docs/reference/limits.md.
func limitsPage(repo string) (string, error) {
	cookies, err := cookieNames(repo)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, generated, "the program's constants")
	b.WriteString("# Limits and cookies\n\n| limit | value | beyond it |\n|---|---|---|\n")
	for _, l := range limits() {
		value := strconv.Itoa(l.value)
		if l.unit != "" {
			value += " " + l.unit
		}
		ends := "the code of the request to the provider it happens in"
		if l.ends != "" {
			entry, _ := fault.Lookup(l.ends)
			ends = "`" + string(l.ends) + "` (" + strconv.Itoa(entry.Status) + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", l.what, value, ends)
	}
	b.WriteString(behindUhttpd)
	b.WriteString("\nCookies the program reads or sets:\n\n")
	for _, name := range cookies {
		fmt.Fprintf(&b, "- `%s`\n", name)
	}
	return b.String(), nil
}

// behindUhttpd was measured with uhttpd of July 2026.
const behindUhttpd = `
## Behind uhttpd

OpenWrt's web server has narrower limits, and answers in its own way before the program is asked:

| what | limit | beyond it |
|---|---|---|
| the request line: address and query, so also the provider's ` + "`code`" + ` and ` + "`state`" + ` | about 4 KB | the connection closes without an answer |
| one header of a request, so also all cookies of the host name together | 4 KB | its own 413 |
| all headers of a request together | 16 KB | its own 431 |

The program keeps below that. A page to return to has at most 512 bytes, an address at the provider at most 4000, and the
state cookie at most three logins. A provider whose codes are longer than 3 KB cannot be used behind uhttpd.
`

// cookieNames reads the constants of package app that are names of cookies:
// it keeps them to itself.
func cookieNames(repo string) ([]string, error) {
	file := filepath.Join(repo, "src/internal/app/cookies.go")
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		return nil, err
	}
	var names []string
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.Contains(strings.ToLower(spec.Names[0].Name), "cookiename") {
			return true
		}
		ast.Inspect(spec, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				name, _ := strconv.Unquote(lit.Value)
				names = append(names, name)
			}
			return true
		})
		return true
	})
	if len(names) < 4 {
		return nil, fmt.Errorf("%s: found only the cookies %q", file, names)
	}
	return names, nil
}

var (
	codeLike   = regexp.MustCompile("`(\\[\\d{3}\\] )?([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)`")
	cookieLike = regexp.MustCompile(`__Host-[A-Za-z0-9_-]+|\bsysauth[a-z_]*\b`)
)

// beginsLikeACode tells a code that was renamed or misspelled from the many
// other names in capitals, such as environment variables: its first word is
// that of a code.
func beginsLikeACode(name string) bool {
	first, _, _ := strings.Cut(name, "_")
	for _, entry := range fault.Catalogue() {
		if word, _, _ := strings.Cut(string(entry.Code), "_"); word == first {
			return name != "INVALID_ARGUMENT"
		}
	}
	return false
}

// scan looks through the documentation for codes, cookies and limits that are
// not the program's.
func scan(repo string) (problems []string) {
	cookies, err := cookieNames(repo)
	if err != nil {
		return []string{err.Error()}
	}
	known := map[string]bool{"sysauth": true}
	for _, name := range cookies {
		known[name] = true
	}
	check := func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			return
		}
		name, _ := filepath.Rel(repo, path)
		for n, line := range strings.Split(string(data), "\n") {
			at := name + ":" + strconv.Itoa(n+1) + ": "
			for _, m := range codeLike.FindAllStringSubmatch(line, -1) {
				if _, ok := fault.Lookup(fault.Code(m[2])); !ok && (m[1] != "" || beginsLikeACode(m[2])) {
					problems = append(problems, at+m[2]+" is no code of the catalogue")
				}
			}
			for _, cookie := range cookieLike.FindAllString(line, -1) {
				if !known[cookie] && cookie != "sysauth_http" && cookie != "sysauth_" {
					problems = append(problems, at+cookie+" is no cookie of the program")
				}
			}
			for _, l := range limits() {
				for _, expression := range l.stated {
					for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(line, -1) {
						digits := strings.NewReplacer(" ", "", " ", "", ",", "").Replace(m[1])
						if got, _ := strconv.Atoi(digits); got != l.value {
							problems = append(problems, at+"states "+digits+" for: "+l.what+"; the program has "+strconv.Itoa(l.value))
						}
					}
				}
			}
		}
	}
	check(filepath.Join(repo, "README.md"))
	_ = filepath.WalkDir(filepath.Join(repo, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".md") {
			check(path)
		}
		return nil
	})
	return problems
}
