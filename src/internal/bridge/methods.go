// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/config"
	"luci-sso/internal/events"
	"luci-sso/internal/explain"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/session"
)

// Limits of what a caller may send.
const (
	MaxInput = 64 << 10 // Bytes of all arguments; rpcd cannot pass on more.
	maxText  = 4 << 10  // Bytes of one text.
	maxItems = 1000     // Entries of one list.
)

// Kind is an argument's type.
type Kind string

// The types of arguments.
const (
	Text     Kind = "string"
	List     Kind = "list of strings"
	Options  Kind = "table of strings"
	RoleSet  Kind = "list of roles"
	ClaimSet Kind = "JSON object in a string"
)

// Arg is one argument of a method. All are optional unless Required.
type Arg struct {
	Name     string
	Kind     Kind
	Required bool
	Help     string
}

// Access says which part of the page's access group a method is in.
type Access string

// Read is for people who may look, Write for those who may change settings.
const (
	Read  Access = "read"
	Write Access = "write"
)

// Method is one row of the table that all doors go by.
type Method struct {
	Name   string
	Access Access
	Args   []Arg
	Help   string
	run    func(context.Context, args) (any, error)
}

// Error is a refused call: a status of ubus and why.
type Error struct {
	Status ubus.Status
	Reason string
}

func (e *Error) Error() string { return e.Reason }

func bad(reason string) error { return &Error{ubus.InvalidArgument, reason} }

// Methods are all there is, by name.
var Methods = []Method{
	{"access_groups", Read, nil, "the access groups of this router with their descriptions",
		func(context.Context, args) (any, error) { return reply{"groups": AccessGroups()}, nil }},
	{"client_key", Write, nil, "the public key by which a provider may know this router, which is made when there is none",
		func(context.Context, args) (any, error) { return ClientKey() }},
	{"end_session", Write, []Arg{{"id", Text, true, "as sessions gives it: 16 hexadecimal digits"}}, "end a session; `ended` is false when there is none",
		func(ctx context.Context, a args) (any, error) {
			id := a.text("id")
			if !session.IsHandle(id) {
				return nil, bad("id is not 16 hexadecimal digits")
			}
			ended, err := EndSession(ctx, id)
			return reply{"ended": ended}, err
		}},
	{"events", Read, nil, "the last logins, logouts and errors, newest first",
		func(context.Context, args) (any, error) { return reply{"events": events.List(paths.Events())}, nil }},
	{"explain", Read, []Arg{{"code", Text, true, "a code of the log"}}, "what a code means",
		func(_ context.Context, a args) (any, error) { return explain.ForCode(a.text("code")), nil }},
	{"match", Read, []Arg{
		{"email", Text, false, "a person's address"},
		{"groups", List, false, "the person's groups at the provider"},
		{"sub", Text, false, "the person's id at the provider"},
		{"claims", ClaimSet, false, "what an ID token says of the person, as the text of a JSON object"},
		{"provider", Text, false, "section of the configuration that the person comes by; default when empty"},
		{"roles", RoleSet, false, "roles to try instead of the configured ones: {name, and what a role's section has}"},
	}, "which role a person would get, and why",
		func(_ context.Context, a args) (any, error) {
			return Match(Person{a.text("email"), a.list("groups"), a.text("sub"), a.claims, a.text("provider")}, a.roles), nil
		}},
	{"rights", Read, []Arg{{"roles", RoleSet, false, "roles to look at instead of the configured ones, as for match"}},
		"what the lists of roles give on this router, and what that amounts to",
		func(_ context.Context, a args) (any, error) { return reply{"roles": Rights(a.roles)}, nil }},
	{"sessions", Read, nil, "the live sessions of people who came through single sign-on, newest first; `cut` when rpcd has more than it can list",
		func(ctx context.Context, a args) (any, error) {
			list, cut, err := Sessions(ctx, a.text(callerSession))
			return reply{"sessions": list, "cut": cut}, err
		}},
	{"settings", Read, nil, "the committed configuration without the client secret",
		func(context.Context, args) (any, error) { return Settings(), nil }},
	{"status", Read, nil, "whether single sign-on is on and what is not in order",
		func(ctx context.Context, _ args) (any, error) { return Status(ctx), nil }},
	{"test_connection", Write, []Arg{
		{"provider", Text, false, "section of the configuration to try; default when empty"},
		{"values", Options, false, "options of the section that replace the saved ones"},
		{"host", Text, false, "host and port by which the page was opened: a login would start there"},
		{"roles", RoleSet, false, "roles to look at instead of the configured ones, as for match"},
	},
		"ask the provider whether logging in will work",
		func(ctx context.Context, a args) (any, error) {
			return TestConnection(ctx, a.text("provider"), a.options, a.text("host"), a.roles), nil
		}},
	{"try_login", Write, []Arg{
		{"provider", Text, false, "as for test_connection"},
		{"values", Options, false, "as for test_connection"},
		{"host", Text, true, "host and port by which the page was opened"},
		{"roles", RoleSet, false, "as for test_connection"},
	}, "prepare a sign-in that is only tried and makes no session; for the page, which opens it within five minutes",
		func(ctx context.Context, a args) (any, error) {
			return TryLogin(ctx, a.text("provider"), a.options, a.text("host"), a.roles, a.text(callerSession))
		}},
	{"try_result", Write, []Arg{{"id", Text, true, "as try_login gave it"}},
		"what came of a trial, once, for the session that asked for it",
		func(_ context.Context, a args) (any, error) { return TryResult(a.text("id"), a.text(callerSession)) }},
}

type reply map[string]any

// callerSession is what LuCI adds to every call. It opens the caller's
// session: it is compared and goes nowhere.
const callerSession = "ubus_rpc_session"

// known reports whether a name is that of an option of the settings.
func known(name string) bool {
	_, ok := config.LookupOption(name)
	return ok
}

// Lookup finds a method.
func Lookup(name string) (*Method, bool) {
	for i := range Methods {
		if Methods[i].Name == name {
			return &Methods[i], true
		}
	}
	return nil, false
}

// Call runs a method with its arguments as a JSON object; empty input is no
// arguments. The error is an *Error.
func Call(ctx context.Context, name string, input []byte) (any, error) {
	method, ok := Lookup(name)
	if !ok {
		return nil, &Error{ubus.MethodNotFound, "there is no such method"}
	}
	a, err := method.read(input)
	if err != nil {
		return nil, err
	}
	result, err := method.run(ctx, a)
	if err == nil {
		return result, nil
	}
	if _, ok := err.(*Error); ok {
		return nil, err
	}
	if f, ok := fault.As(err); ok {
		return nil, &Error{ubus.NoData, f.Error()}
	}
	return nil, &Error{ubus.NoData, err.Error()}
}

// args are checked arguments.
type args struct {
	texts   map[string]string
	lists   map[string][]string
	options map[string]string
	roles   []Role
	claims  oidc.Claims
}

func (a args) text(name string) string   { return a.texts[name] }
func (a args) list(name string) []string { return a.lists[name] }

// read checks the arguments against the method's.
func (m *Method) read(input []byte) (args, error) {
	a := args{texts: map[string]string{}, lists: map[string][]string{}}
	if len(input) > MaxInput {
		return a, bad("the arguments are larger than 64 KB")
	}
	values := map[string]any{}
	if len(bytes.TrimSpace(input)) > 0 {
		if err := json.Unmarshal(input, &values); err != nil {
			return a, bad("the arguments are not a JSON object")
		}
	}
	for name, value := range values {
		if value == nil {
			continue
		}
		if name == callerSession {
			a.texts[name], _ = value.(string)
			continue
		}
		kind := Kind("")
		for i := range m.Args {
			if m.Args[i].Name == name {
				kind = m.Args[i].Kind
			}
		}
		var ok bool
		switch kind {
		case Text:
			a.texts[name], ok = text(value)
		case List:
			a.lists[name], ok = texts(value)
		case Options:
			a.options, ok = optionTable(value)
		case RoleSet:
			a.roles, ok = roleList(value)
		case ClaimSet:
			a.claims, ok = claimSet(value)
		default:
			return a, bad("there is an argument that " + m.Name + " does not have")
		}
		if !ok {
			return a, bad("argument " + name + " is not a usable " + string(kind))
		}
	}
	for _, arg := range m.Args {
		if arg.Required && a.texts[arg.Name] == "" {
			return a, bad("argument " + arg.Name + " is missing")
		}
	}
	return a, nil
}

// text is a string of one line. Nothing here has a use for a control
// character, and much trouble comes with them.
func text(value any) (string, bool) {
	s, ok := value.(string)
	return s, ok && len(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

func texts(value any) ([]string, bool) {
	elements, ok := value.([]any)
	if s, isText := value.(string); isText && s != "" {
		elements, ok = []any{s}, true // A UCI list with one element that was written as an option.
	} else if isText {
		ok = true
	}
	if !ok || len(elements) > maxItems {
		return nil, false
	}
	list := []string{}
	for _, element := range elements {
		s, ok := text(element)
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// claimSet reads claims as they were typed or copied; "" is none.
func claimSet(value any) (oidc.Claims, bool) {
	s, ok := value.(string)
	if !ok || s == "" {
		return nil, ok
	}
	claims, err := oidc.ReadClaims([]byte(s))
	return claims, err == nil
}

func optionTable(value any) (map[string]string, bool) {
	table, ok := value.(map[string]any)
	list := map[string]string{}
	for name, value := range table {
		s, isText := text(value)
		if !isText || !known(name) {
			return nil, false
		}
		list[name] = s
	}
	return list, ok
}

func roleList(value any) ([]Role, bool) {
	elements, ok := value.([]any)
	if !ok || len(elements) > maxItems {
		return nil, false
	}
	list := []Role{}
	for _, element := range elements {
		table, ok := element.(map[string]any)
		if !ok {
			return nil, false
		}
		r := shown(&config.Role{})
		for name, value := range table {
			if value == nil {
				continue
			}
			field := r.field(name)
			switch {
			case field != nil:
				*field, ok = texts(value)
			case name == "name":
				r.Name, ok = text(value)
			case name == "match":
				r.Match, ok = text(value)
			case name == "max_age":
				r.MaxAge, ok = text(value)
			case name == "fault": // As the doors show it; it is found anew.
			default:
				ok = false
			}
			if !ok {
				return nil, false
			}
		}
		list = append(list, r)
	}
	return list, true
}
