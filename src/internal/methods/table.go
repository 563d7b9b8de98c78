// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"context"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/events"
	"luci-sso/internal/explain"
	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
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

// Method is one row of the table that the door goes by.
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
	{"client_key", Write, []Arg{{"change", Text, false, "rotate or use, as luci-sso client-key has it"}},
		"the public key by which a provider may know this router, which is made when there is none",
		func(_ context.Context, a args) (any, error) { return ClientKey(a.text("change")) }},
	{"end_session", Write, []Arg{{"id", Text, true, "as sessions gives it: 16 hexadecimal digits"}}, "end a session; `ended` is false when there is none",
		func(ctx context.Context, a args) (any, error) {
			ended, err := EndSession(ctx, a.text("id"))
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
		{"roles", RoleSet, false, "roles to try instead of the configured ones: {name, what a role's section has, and unknown: the names in it that are not known}"},
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
