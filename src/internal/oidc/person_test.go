// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func claimsOf(t *testing.T, text string) Claims {
	t.Helper()
	var claims Claims
	if err := decode([]byte(text), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestEmail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		json     string
		address  string
		verified Verified
		unknown  string
	}{
		"absent":               {`{}`, "", Unstated, ""},
		"null":                 {`{"email":null}`, "", Unstated, ""},
		"empty":                {`{"email":""}`, "", Unstated, ""},
		"unstated":             {`{"email":"a@b"}`, "a@b", Unstated, ""},
		"null flag":            {`{"email":"a@b","email_verified":null}`, "a@b", Unstated, ""},
		"verified":             {`{"email":"a@b","email_verified":true}`, "a@b", VerifiedYes, ""},
		"verified as text":     {`{"email":"a@b","email_verified":"true"}`, "a@b", VerifiedYes, ""},
		"not verified":         {`{"email":"a@b","email_verified":false}`, "a@b", VerifiedNo, ""},
		"not verified, text":   {`{"email":"a@b","email_verified":"false"}`, "a@b", VerifiedNo, ""},
		"unclear is no yes":    {`{"email":"a@b","email_verified":1}`, "a@b", VerifiedUnclear, ""},
		"an unclear text":      {`{"email":"a@b","email_verified":"TRUE"}`, "a@b", VerifiedUnclear, ""},
		"an object as flag":    {`{"email":"a@b","email_verified":{"v":true}}`, "a@b", VerifiedUnclear, ""},
		"a list":               {`{"email":["a@b"],"email_verified":true}`, "", VerifiedYes, "the ID token has it as a list"},
		"a number":             {`{"email":7}`, "", Unstated, "the ID token has it as a number"},
		"a bool":               {`{"email":true}`, "", Unstated, "the ID token has it as true or false"},
		"an object":            {`{"email":{"value":"a@b"}}`, "", Unstated, "the ID token has it as an object"},
		"two in a text":        {`{"email":"a@b, c@d"}`, "", Unstated, "the ID token has it as a text that is not one address"},
		"with a name":          {`{"email":"A <a@b>"}`, "", Unstated, "the ID token has it as a text that is not one address"},
		"elsewhere":            {`{"_claim_names":{"email":"s"},"_claim_sources":{"s":{}}}`, "", Unstated, "the ID token points elsewhere for it (_claim_names)"},
		"here and elsewhere":   {`{"email":"a@b","_claim_names":{"email":"s"}}`, "a@b", Unstated, "the ID token points elsewhere for it (_claim_names)"},
		"another is elsewhere": {`{"_claim_names":{"groups":"s"}}`, "", Unstated, ""},
	} {
		if got, want := claimsOf(t, c.json).Email(FromIDToken), (Email{c.address, c.verified, c.unknown}); got != want {
			t.Errorf("%s: %+v, expected %+v", name, got, want)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		json, path string
		want       Groups
	}{
		"absent":                 {`{}`, "groups", Groups{}},
		"null":                   {`{"groups":null}`, "groups", Groups{}},
		"empty text":             {`{"groups":""}`, "groups", Groups{}},
		"list":                   {`{"groups":["a","b"]}`, "groups", Groups{Names: []string{"a", "b"}, Sent: true}},
		"empty list":             {`{"groups":[]}`, "groups", Groups{Sent: true}},
		"one text":               {`{"groups":"a"}`, "groups", Groups{Names: []string{"a"}, Sent: true, Joined: true}},
		"nested":                 {`{"realm_access":{"roles":["a"]}}`, "realm_access.roles", Groups{Names: []string{"a"}, Sent: true}},
		"numbers":                {`{"groups":[1001]}`, "groups", Groups{Sent: true, Unknown: "UserInfo has it as a list with a number in it"}},
		"objects":                {`{"groups":[{"name":"x"}]}`, "groups", Groups{Sent: true, Unknown: "UserInfo has it as a list with an object in it"}},
		"partly":                 {`{"groups":["a",1,"b"]}`, "groups", Groups{Names: []string{"a", "b"}, Sent: true, Unknown: "UserInfo has it as a list with a number in it"}},
		"a null among them":      {`{"groups":["a",null]}`, "groups", Groups{Names: []string{"a"}, Sent: true, Unknown: "UserInfo has it as a list with null in it"}},
		"a list in the list":     {`{"groups":[["a"]]}`, "groups", Groups{Sent: true, Unknown: "UserInfo has it as a list with a list in it"}},
		"a bool in the list":     {`{"groups":[true]}`, "groups", Groups{Sent: true, Unknown: "UserInfo has it as a list with true or false in it"}},
		"an object":              {`{"groups":{"a":true}}`, "groups", Groups{Unknown: "UserInfo has it as an object"}},
		"a number":               {`{"groups":7}`, "groups", Groups{Unknown: "UserInfo has it as a number"}},
		"a bool":                 {`{"groups":false}`, "groups", Groups{Unknown: "UserInfo has it as true or false"}},
		"through a list":         {`{"a":[{"b":["x"]}]}`, "a.b", Groups{Unknown: "UserInfo has a list with an object in it on the way to it"}},
		"through a text":         {`{"a":"b"}`, "a.b", Groups{Unknown: "UserInfo has a text on the way to it"}},
		"elsewhere":              {`{"_claim_names":{"groups":"src1"}}`, "groups", Groups{Unknown: "UserInfo points elsewhere for it (_claim_names)"}},
		"a part is elsewhere":    {`{"groups":["a"],"_claim_names":{"groups":"src1"}}`, "groups", Groups{Names: []string{"a"}, Sent: true, Unknown: "UserInfo points elsewhere for it (_claim_names)"}},
		"the object elsewhere":   {`{"_claim_names":{"realm_access":"src1"}}`, "realm_access.roles", Groups{Unknown: "UserInfo points elsewhere for it (_claim_names)"}},
		"a name with dots":       {`{"_claim_names":{"https://id.example/groups":"src1"}}`, "https://id.example/groups", Groups{Unknown: "UserInfo points elsewhere for it (_claim_names)"}},
		"another is elsewhere":   {`{"_claim_names":{"address":"src1"}}`, "groups", Groups{}},
		"pointers in a list":     {`{"_claim_names":["address"]}`, "groups", Groups{Unknown: "UserInfo points elsewhere for it (_claim_names)"}},
		"sources without names":  {`{"_claim_sources":{"src1":{}}}`, "groups", Groups{Unknown: "UserInfo points elsewhere for it (_claim_names)"}},
		"nothing is elsewhere":   {`{"_claim_names":{},"_claim_sources":{}}`, "groups", Groups{}},
		"Entra ID's short form":  {`{"hasgroups":true}`, "groups", Groups{Unknown: "UserInfo points elsewhere for it (_claim_names)"}},
		"which is of one claim":  {`{"hasgroups":true}`, "roles", Groups{}},
		"which may also be none": {`{"hasgroups":false}`, "groups", Groups{}},
	} {
		if got := claimsOf(t, c.json).Groups(c.path, FromUserInfo); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, expected %+v", name, got, c.want)
		}
	}
}

// TestLookup: keys may have dots in them.
func TestLookup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		json, path string
		want       any
		broken     string
	}{
		"a name with dots wins":      {`{"a.b":"x","a":{"b":"y"}}`, "a.b", "x", ""},
		"nested":                     {`{"a":{"b":"y"}}`, "a.b", "y", ""},
		"an escaped dot":             {`{"a.b":"x","a":{"b":"y"}}`, `a\.b`, "x", ""},
		"is no step":                 {`{"a":{"b":"y"}}`, `a\.b`, nil, ""},
		"a client's name":            {`{"resource_access":{"router.example.com":{"roles":"x"}}}`, "resource_access.router.example.com.roles", "x", ""},
		"the same, escaped":          {`{"resource_access":{"router.example.com":{"roles":"x"}}}`, `resource_access.router\.example\.com.roles`, "x", ""},
		"a URL":                      {`{"https://example.com/groups":"x"}`, "https://example.com/groups", "x", ""},
		"a URL and what is in it":    {`{"https://id.example.org/claims":{"x-groups":"x"}}`, "https://id.example.org/claims.x-groups", "x", ""},
		"the longest at each level":  {`{"a.b":{"c.d":"x","c":{"d":"y"}},"a":{"b":{"c":{"d":"z"}}}}`, "a.b.c.d", "x", ""},
		"and no way back":            {`{"a.b":{},"a":{"b":{"c":"y"}}}`, "a.b.c", nil, ""},
		"a backslash of its own":     {`{"a\\b":"x"}`, `a\b`, "x", ""},
		"one at the end":             {`{"a\\":"x"}`, `a\`, "x", ""},
		"empty parts":                {`{"a..b":"x"}`, "a..b", "x", ""},
		"absent":                     {`{"a":{}}`, "a.b", nil, ""},
		"null":                       {`{"a":null}`, "a.b", nil, ""},
		"a number in the way":        {`{"a":7}`, "a.b", nil, "a number"},
		"a bool deep in the way":     {`{"a":{"b":true}}`, "a.b.c", nil, "true or false"},
		"what is there need no more": {`{"a":{"b":["x"]}}`, "a", map[string]any{"b": []any{"x"}}, ""},
	} {
		if got, broken := claimsOf(t, c.json).Lookup(c.path); !reflect.DeepEqual(got, c.want) || broken != c.broken {
			t.Errorf("%s: %v, %q in the way; expected %v, %q", name, got, broken, c.want, c.broken)
		}
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		json  string
		lacks string // Of openid, email, groups.
	}{
		"not said":           {`{}`, ""},
		"null":               {`{"scope":null}`, ""},
		"all":                {`{"scope":"groups openid email"}`, ""},
		"one left out":       {`{"scope":"openid email"}`, "groups"},
		"part of a name":     {`{"scope":"openid email groups.read"}`, "groups"},
		"a list":             {`{"scope":["openid","email"]}`, "groups"},
		"empty":              {`{"scope":""}`, "openid email groups"},
		"unreadable":         {`{"scope":{"groups":true}}`, "openid email groups"},
		"Google's long name": {`{"scope":"openid https://www.googleapis.com/auth/userinfo.email"}`, "groups"},
	} {
		scope := readScope(claimsOf(t, c.json)["scope"])
		var lacks []string
		for _, name := range []string{"openid", "email", "groups"} {
			if scope.Lacks(name) {
				lacks = append(lacks, name)
			}
		}
		if !slices.Equal(lacks, strings.Fields(c.lacks)) {
			t.Errorf("%s: %q are lacking, expected %q", name, lacks, c.lacks)
		}
	}
}
