// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/internal/uci"
)

// configDir is the variable that tells the stand-in for uci where its files
// are.
const configDir = "DOCCHECK_CONFIG"

// TestMain is the test program, or, under the name uci, the stand-in for
// OpenWrt's command that the guides' snippets call.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "uci" {
		if err := standIn(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "uci:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// standIn does what the guides use of uci. It writes at once, so commit only
// has to find the file.
func standIn(args []string) error {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if args[0] != "-q" {
			return fmt.Errorf("the stand-in does not know the option %s", args[0])
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return fmt.Errorf("no command")
	}
	if args[0] == "batch" {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			words, err := split(lines.Text())
			if err != nil {
				return err
			}
			if len(words) > 0 {
				if err := standIn(words); err != nil {
					return fmt.Errorf("%s: %w", lines.Text(), err)
				}
			}
		}
		return lines.Err()
	}
	if len(args) == 1 {
		if args[0] == "commit" || args[0] == "show" {
			return nil
		}
		return fmt.Errorf("%s without an argument", args[0])
	}
	target, value, assigned := strings.Cut(args[1], "=")
	names := strings.Split(target, ".")
	path := filepath.Join(os.Getenv(configDir), names[0])
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	document, err := uci.ParseDocument(text)
	if err != nil {
		return err
	}
	if err := change(document, args[0], names[1:], value, assigned); err != nil {
		return err
	}
	if text, err = document.Text(); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

func change(document *uci.Document, command string, names []string, value string, assigned bool) error {
	switch command {
	case "commit", "show", "get", "changes", "revert":
		return nil
	case "set", "add_list", "del_list":
		if !assigned {
			return fmt.Errorf("%s without a value", command)
		}
	case "delete":
	default:
		return fmt.Errorf("the stand-in does not know the command %s", command)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s without a section", command)
	}
	found, ok := document.Package().Lookup(names[0])
	var section uci.Section
	if ok {
		section = *found
		section.Options = append([]uci.Option(nil), found.Options...)
	}
	if len(names) == 1 {
		if command == "delete" {
			if ok {
				document.Remove(names[0])
			}
			return nil
		}
		section.Name, section.Type = names[0], value
		document.Set(section)
		return nil
	}
	if !ok {
		return fmt.Errorf("there is no section %s", names[0])
	}
	kept := section.Options[:0]
	var values []string
	for _, option := range section.Options {
		if option.Name == names[1] {
			values = option.Values
			continue
		}
		kept = append(kept, option)
	}
	section.Options = kept
	switch command {
	case "set":
		values = []string{value}
	case "add_list":
		values = append(append([]string(nil), values...), value)
	case "del_list":
		var rest []string
		for _, one := range values {
			if one != value {
				rest = append(rest, one)
			}
		}
		values = rest
	case "delete":
		values = nil
	}
	if len(values) > 0 {
		section.Options = append(section.Options, uci.Option{Name: names[1], Values: values, List: command != "set"})
	}
	document.Set(section)
	return nil
}

// split cuts a line of `uci batch` into words, as uci does: quotes join, and a
// backslash takes the next character as it is.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	started, quote, escaped := false, rune(0), false
	for _, c := range line {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, started = true, true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteRune(c)
			}
		case c == '\'' || c == '"':
			quote, started = c, true
		case c == ' ' || c == '\t':
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		case c == '#' && !started:
			return words, nil
		default:
			word.WriteRune(c)
			started = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("open quote in %q", line)
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}
