// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
)

// reader takes options out of a section and keeps the first thing wrong.
type reader struct {
	section *uci.Section
	global  *uci.Section // Where those options stand that are for all providers.
	err     error
}

// OptionError says which option a configuration fails by. It is wrapped in
// the fault.
type OptionError struct {
	Option  string
	Missing bool     // It is required and not set.
	Also    []string // The further ones that are missing then.
	Detail  string   // As in the fault.
}

func (e *OptionError) Error() string { return e.Detail }

func (r *reader) fail(code fault.Code, name, detail string) {
	r.failed(code, &OptionError{Option: name, Detail: detail}, detail)
}

func (r *reader) failed(code fault.Code, err *OptionError, detail string) {
	var first *OptionError
	switch {
	case r.err == nil:
		r.err = fault.Wrap(code, err, detail)
	case err.Missing && errors.As(r.err, &first) && first.Missing && first.Option != err.Option && !slices.Contains(first.Also, err.Option):
		first.Also = append(first.Also, err.Option)
	}
}

// options reads every option by its row: its form is that of its kind. What a
// form cannot say stands in parse.
func (r *reader) options(c *Config) {
	c.read = true
	for i := range Options {
		switch o := &Options[i]; {
		case o.Kind == List:
			if values := r.list(o); values != nil {
				if c.lists == nil {
					c.lists = make([][]string, len(Options))
				}
				c.lists[i] = values
			}
		case o.Name == "enabled": // Whatever is not 1 is off.
			c.values[i] = o.Default
			if on(r.section) {
				c.values[i] = "1"
			}
		case o.Kind == Secret:
			c.ClientSecret = secret.New(r.value(o))
		default:
			c.values[i] = r.value(o)
		}
	}
}

// lookup finds an option where it belongs.
func (r *reader) lookup(o *Option) (*uci.Option, bool) {
	if o.Global {
		return r.global.Lookup(o.Name)
	}
	return r.section.Lookup(o.Name)
}

// list returns the elements of a list, without empty ones.
func (r *reader) list(o *Option) []string {
	var values []string
	option, ok := r.lookup(o)
	if !ok {
		return nil
	}
	for _, value := range option.Values {
		if value != "" {
			values = append(values, value)
		}
	}
	return values
}

// text returns an option as it stands, or its default when it is unset or
// empty.
func (r *reader) text(o *Option) string {
	option, ok := r.lookup(o)
	if !ok {
		return o.unset()
	}
	if option.List {
		r.fail(fault.ConfigError, o.Name, "option "+o.Name+" (line "+strconv.Itoa(option.Line)+") is a list where one value belongs")
		return ""
	}
	if value := option.Values[len(option.Values)-1]; value != "" {
		return value
	}
	return o.unset()
}

// value returns an option that has the form of its kind, "" for any other.
func (r *reader) value(o *Option) string {
	value := r.text(o)
	switch {
	case value != "":
	case o.Required && !r.excused(o):
		section := r.section.Name
		if o.Global {
			section = Section
		}
		detail := "option " + o.Name + " is missing: uci set luci-sso." + section + "." + o.Name + "=…"
		r.failed(fault.ConfigError, &OptionError{Option: o.Name, Missing: true, Detail: detail}, detail)
		fallthrough
	default:
		return ""
	}
	code, wrong := fault.ConfigError, ""
	switch o.Kind {
	case Flag, Choice:
		if !slices.Contains(o.Values, value) {
			wrong = "is " + syslog.Quote(value) + ", expected one of " + strings.Join(o.Values, ", ")
		}
	case Number:
		if n, err := strconv.Atoi(value); err != nil || n < o.Low || n > o.High {
			wrong = "is " + syslog.Quote(value) + ", expected a whole number from " + strconv.Itoa(o.Low) + " to " + strconv.Itoa(o.High)
		}
	case URL, QueryURL:
		switch {
		case strings.HasPrefix(value, "https://"):
			if !plain(value, o.Kind == QueryURL) {
				wrong = syslog.Quote(value) + " is not a plain URL: no user, query or fragment belongs there"
			}
		default:
			wrong = "is " + syslog.Quote(value) + ", it must begin with https://"
			if o.Insecure != "" {
				code = o.Insecure
			}
		}
	case Path:
		if !strings.HasPrefix(value, "/") {
			wrong = "is " + syslog.Quote(value) + ", expected an absolute path"
		}
	case Text:
		for _, word := range o.Values {
			if !slices.Contains(strings.Fields(value), word) {
				wrong = "is " + syslog.Quote(value) + ", it must contain " + word
			}
		}
		if n := utf8.RuneCountInString(value); o.High > 0 && n > o.High {
			wrong = "has " + strconv.Itoa(n) + " characters, expected at most " + strconv.Itoa(o.High)
		}
	}
	if wrong != "" {
		r.fail(code, o.Name, "option "+o.Name+" "+wrong)
		return ""
	}
	return value
}

// excused: only a client that is authenticated by a method that is named and
// does without a secret has none.
func (r *reader) excused(o *Option) bool {
	method, _ := r.section.Get("token_auth_method")
	return o.Kind == Secret && (method == "none" || method == "private_key_jwt")
}

// plain reports whether an https URL is absolute, without user and fragment,
// and without a query unless one may be there.
func plain(value string, query bool) bool {
	parsed, err := url.Parse(value)
	return err == nil && parsed.Host != "" && parsed.User == nil && !strings.Contains(value, "#") && (query || !strings.Contains(value, "?")) &&
		!strings.ContainsAny(value, " \t\r\n")
}
