// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/events"
	"luci-sso/internal/explain"
	"luci-sso/internal/methods"
)

// answer is what a method replies with: the Go type, whose keys are those of
// the reply, and what there is to say of some of them. A test calls each
// method and holds its keys against the page.
type answer struct {
	of    any
	notes map[string]string
}

var answers = map[string]answer{
	"access_groups": {struct {
		Groups []methods.Group `json:"groups"`
	}{}, map[string]string{"groups": "by name"}},
	"client_key": {methods.ClientKeyReply{}, map[string]string{
		"next": "while keys change", "jwks": "of both"}},
	"end_session": {struct {
		Ended bool `json:"ended"`
	}{}, map[string]string{"ended": "false when there was no such session any more"}},
	"events": {struct {
		Events []events.Event `json:"events"`
	}{}, map[string]string{"events": "`kind` is login, logout, ended or error, `name` a fingerprint as in the log, `codes` the cause first, `provider` only where it is not `default`"}},
	"explain": {explain.Code{}, map[string]string{
		"outcome": "the code that the request ends in", "sentence": "as a person sees it", "brief": "as the page has it",
		"near": "of an unknown code, the one that may be meant"}},
	"match": {methods.MatchReply{}, map[string]string{
		"role": "empty when none fits", "reasons": "all entries that the role fits by", "granted": "whether the role gives something",
		"fault": "what is wrong in the role", "lacks": "what the role asks of the sign-in and is not there",
		"undecided": "the role at which the search ends because it might fit", "unknown": "why",
		"read": "names of access groups", "log_email": "how the log calls the address"}},
	"rights": {struct {
		Roles []methods.RoleRights `json:"roles"`
	}{}, map[string]string{"roles": "`read`, `write` and `total` are numbers of access groups, `findings` is what the rights amount to"}},
	"sessions": {struct {
		Sessions []methods.Session `json:"sessions"`
		Cut      bool              `json:"cut"`
	}{}, map[string]string{
		"sessions": "`id` names the session without opening it, `expires` is in how many seconds it ends if it is not used (-1 when that is not known), `until` when it ends in any case, " +
			"`confirmed` when the provider last stood by it, 0 where no option asks for that",
		"cut": "there are more than rpcd can list"}},
	"settings": {methods.SettingsReply{}, map[string]string{
		"options": "without `client_secret`", "roles": "list of {name, fault, " + strings.Join(config.RoleLists, ", ") + "}",
		"providers": "further ones by their section, each {options, client_secret_set}"}},
	"status": {methods.StatusReply{}, map[string]string{
		"enabled": "option `enabled` is 1", "ready": "and the settings can be used", "providers": "the sections of those that are enabled",
		"button": "it is in the login page of every theme", "sessions": "how many", "last_login": "0 for never"}},
	"try_login": {methods.TryReply{}, map[string]string{
		"id": "opens the trial, empty when there is none", "checks": "why there is none", "origin": "where the page has to be open for it"}},
	"try_result": {methods.TrialReply{}, map[string]string{
		"state": "waiting, with nothing else, or done", "code": "what a login would end in, empty when it would get in", "codes": "the same, cause first",
		"no_answer": "why UserInfo did not answer", "needed": "a login asks UserInfo, too", "at_hash": "it came and is right", "lifetime": "seconds",
		"used": "what the roles were compared with", "others": "roles that would have fitted as well"}},
	"test_connection": {methods.TestReply{}, map[string]string{
		"status": "the worst of the checks", "busy": "another test is under way and this one did not run",
		"checks": "`provider` only where it is not `default`"}},
}

// elsewhere are types whose keys one method's row has for all.
var elsewhere = map[reflect.Type]string{
	reflect.TypeOf(doctor.Check{}):       "test_connection",
	reflect.TypeOf(methods.MatchReply{}): "match",
}

// replyOf is the cell of a method's reply: its keys, one after the other.
func replyOf(method string) (string, error) {
	a, ok := answers[method]
	if !ok {
		return "", fmt.Errorf("method %s has no reply in src/tools/docgen/replies.go", method)
	}
	var parts, names []string
	for _, f := range fieldsOf(reflect.TypeOf(a.of)) {
		name, optional := keyOf(f)
		names = append(names, name)
		var more []string
		for _, text := range []string{shapeOf(f.Type, method), a.notes[name]} {
			if text != "" {
				more = append(more, text)
			}
		}
		text := "`" + name + "`"
		if optional {
			text += " (not always)"
		}
		if more != nil {
			text += ": " + strings.Join(more, ", ")
		}
		parts = append(parts, text)
	}
	for name, note := range a.notes {
		if !slices.Contains(names, name) {
			return "", fmt.Errorf("src/tools/docgen/replies.go explains key %s of method %s, which has none", name, method)
		}
		if strings.Contains(note, ";") {
			return "", fmt.Errorf("src/tools/docgen/replies.go: a semicolon separates keys: %s", note)
		}
	}
	return strings.Join(parts, "; "), nil
}

// fieldsOf are the fields of a struct as encoding/json takes them.
func fieldsOf(t reflect.Type) (list []reflect.StructField) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("json") != "" {
			list = append(list, f)
		}
	}
	return list
}

func keyOf(f reflect.StructField) (name string, optional bool) {
	name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, rest == "omitempty"
}

// shapeOf says what a value is where it has keys; "" for a plain one.
func shapeOf(t reflect.Type, method string) string {
	switch t.Kind() {
	case reflect.Pointer:
		return shapeOf(t.Elem(), method)
	case reflect.Slice:
		if inner := shapeOf(t.Elem(), method); strings.HasPrefix(inner, "{") {
			return "list of " + inner
		} else if inner != "" {
			return inner
		}
	case reflect.Struct:
		if home := elsewhere[t]; home != "" && home != method {
			return "as for " + home
		}
		var names []string
		for _, f := range fieldsOf(t) {
			name, _ := keyOf(f)
			names = append(names, name)
		}
		return "{" + strings.Join(names, ", ") + "}"
	}
	return ""
}
