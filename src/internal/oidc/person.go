// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/json"
	"strconv"
	"strings"
)

// This file reads what decides who gets in. A claim that is not there is a
// statement: the person has none. One that is somewhere else or cannot be
// read is no statement at all, and says so in Unknown.

// Where a set of claims comes from, in the words of the log.
const (
	FromIDToken  = "the ID token"
	FromUserInfo = "UserInfo"
)

// Verified says what a provider says of an e-mail address.
type Verified uint8

// Unstated: the provider says nothing of the address. VerifiedLeftOut: nor
// does it, although it announces that it does. VerifiedUnclear: what it says is
// neither yes nor no.
const (
	Unstated Verified = iota
	VerifiedYes
	VerifiedNo
	VerifiedLeftOut
	VerifiedUnclear
)

// Email is an address with the flag of the same set of claims.
type Email struct {
	Address  string // "" when none can be read.
	Verified Verified
	Unknown  string // Why the claim is not known, or not whole; "" when it is.
}

// Email reads the address in a set of claims that is from there. Some
// providers send the flag as a text; nothing but a clear yes counts.
func (c Claims) Email(from string) Email {
	var e Email
	switch value := c["email"].(type) {
	case nil:
	case string:
		if strings.ContainsAny(value, " \t\r\n,;<>") {
			e.Unknown = from + " has it as a text that is not one address"
			break
		}
		e.Address = value
	default:
		e.Unknown = from + " has it as " + form(value)
	}
	if c.elsewhere("email") {
		e.Unknown = from + " points elsewhere for it (_claim_names)"
	}
	switch flag := c["email_verified"]; flag {
	case nil:
	case true, "true":
		e.Verified = VerifiedYes
	case false, "false":
		e.Verified = VerifiedNo
	default:
		e.Verified = VerifiedUnclear
	}
	return e
}

// Groups are the names of a person's groups.
type Groups struct {
	Names   []string
	Sent    bool   // There is such a claim; Names may be empty all the same.
	Joined  bool   // The claim is one text: one name, or several that somebody joined.
	Unknown string // Why the claim is not known, or not whole; "" when it is.
}

// Groups reads the names in the claim at path, in a set of claims that is
// from there. A single text is one group.
func (c Claims) Groups(path, from string) Groups {
	return c.values(path, from, func(value any) (string, bool) {
		name, isText := value.(string)
		return name, isText
	})
}

// Values reads any claim as Groups does, with numbers and booleans by their
// JSON text.
func (c Claims) Values(path, from string) Groups { return c.values(path, from, plainText) }

func plainText(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		return strconv.FormatBool(value), true
	}
	return "", false
}

// values reads the claim at path; read takes what can stand alone or in a list.
func (c Claims) values(path, from string, read func(any) (string, bool)) Groups {
	var g Groups
	value, broken := c.Lookup(path)
	if broken != "" {
		g.Unknown = from + " has " + broken + " on the way to it"
	}
	switch list, isList := value.([]any); {
	case value == nil:
	case isList:
		g.Sent = true
		for _, element := range list {
			if name, ok := read(element); ok {
				g.Names = append(g.Names, name)
			} else if g.Unknown == "" {
				g.Unknown = from + " has it as a list with " + formOf(element) + " in it"
			}
		}
	default:
		name, ok := read(value)
		_, isText := value.(string)
		switch {
		case !ok:
			g.Unknown = from + " has it as " + form(value)
		case name != "":
			g = Groups{Names: []string{name}, Sent: true, Joined: isText}
		}
	}
	if c.elsewhere(path) {
		g.Unknown = from + " points elsewhere for it (_claim_names)"
	}
	return g
}

// SignIn is how and when somebody signed in at the provider (OIDC Core §2).
type SignIn struct {
	ACR string
	AMR []string
	At  int64 // auth_time; 0 when it is not there or no time.
}

// SignIn reads that. Only an ID token can say it: it is about this sign-in.
func (c Claims) SignIn() SignIn {
	var s SignIn
	s.ACR, _ = plainText(c["acr"])
	switch value := c["amr"].(type) {
	case string:
		s.AMR = []string{value}
	case []any:
		for _, element := range value {
			if method, isText := element.(string); isText {
				s.AMR = append(s.AMR, method)
			}
		}
	}
	if at, _, ok := c.seconds("auth_time"); ok && at > 0 {
		s.At = at
	}
	return s
}

// Lookup follows path into nested objects: the parts between dots are keys,
// at each level the longest key that exists, and "\." is a dot within a key.
// The value is nil when there is none. broken is the form of what stands in
// the way where an object belongs, "" when nothing does.
func (c Claims) Lookup(path string) (value any, broken string) {
	var node any = map[string]any(c)
	for parts := splitPath(path); len(parts) > 0; {
		if node == nil {
			return nil, ""
		}
		object, isObject := node.(map[string]any)
		if !isObject {
			return nil, form(node)
		}
		n := len(parts)
		for ; n > 0; n-- {
			if member, found := object[strings.Join(parts[:n], ".")]; found {
				node = member
				break
			}
		}
		if n == 0 {
			return nil, ""
		}
		parts = parts[n:]
	}
	return node, ""
}

// splitPath splits at the dots that have no backslash before them.
func splitPath(path string) []string {
	parts := []string{""}
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '.':
			parts = append(parts, "")
			continue
		case path[i] == '\\' && i+1 < len(path) && path[i+1] == '.':
			i++
		}
		parts[len(parts)-1] += path[i : i+1]
	}
	return parts
}

// Leads reports whether a path may begin with a claim of this name.
func Leads(path, claim string) bool {
	parts := splitPath(path)
	for n := range parts {
		if strings.Join(parts[:n+1], ".") == claim {
			return true
		}
	}
	return false
}

// elsewhere reports whether the provider points somewhere else for the claim
// that path begins with: aggregated and distributed claims (OIDC Core
// §5.6.2), as Entra ID does for those with many groups. Pointers that cannot
// be read may be for any claim.
func (c Claims) elsewhere(path string) bool {
	if c["hasgroups"] == true && path == "groups" {
		return true // Entra ID's short way to say the same.
	}
	switch names := c["_claim_names"].(type) {
	case nil:
		return c["_claim_sources"] != nil
	case map[string]any:
		for name := range names {
			if Leads(path, name) {
				return true
			}
		}
		return false
	}
	return true
}

// form names the shape of a claim that cannot be read, for the log: of a
// list, what in it cannot.
func form(value any) string {
	list, ok := value.([]any)
	if !ok {
		return formOf(value)
	}
	for _, element := range list {
		if _, isText := element.(string); !isText {
			return "a list with " + formOf(element) + " in it"
		}
	}
	return "a list"
}

// Scope is what the token response says of the scopes it grants (RFC 6749
// §5.1): nothing when all that were asked for are granted.
type Scope struct {
	Stated bool
	Names  []string
}

// readScope reads the member scope. In a shape that nobody can read it grants
// nothing by name.
func readScope(value any) Scope {
	s := Scope{Stated: value != nil}
	switch value := value.(type) {
	case string:
		s.Names = strings.Fields(value)
	case []any:
		for _, element := range value {
			if name, isText := element.(string); isText {
				s.Names = append(s.Names, name)
			}
		}
	}
	return s
}

// Lacks reports whether a scope that was asked for was not granted.
func (s Scope) Lacks(name string) bool {
	for _, granted := range s.Names {
		// Google answers with the long names of email and profile.
		if granted == name || granted == "https://www.googleapis.com/auth/userinfo."+name {
			return false
		}
	}
	return s.Stated
}
