// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
)

// args are checked arguments.
type args struct {
	texts   map[string]string
	lists   map[string][]string
	options map[string]string
	roles   []config.Role
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

// roleList reads roles as Roles gives them.
func roleList(value any) ([]config.Role, bool) {
	elements, ok := value.([]any)
	if !ok || len(elements) > maxItems {
		return nil, false
	}
	roles := []config.Role{}
	for _, element := range elements {
		table, ok := element.(map[string]any)
		if !ok {
			return nil, false
		}
		lists := map[string][]string{}
		for name, value := range table {
			if value == nil || name == "fault" { // It is found anew.
				continue
			}
			list, ok := texts(value)
			if name == "name" || slices.Contains(config.RoleOptions, name) {
				_, isText := value.(string)
				ok = ok && isText
			} else if name != "unknown" && !slices.Contains(config.RoleLists, name) {
				ok = false
			}
			if !ok {
				return nil, false
			}
			lists[name] = list
		}
		role := config.NewRole(strings.Join(lists["name"], ""), func(list string) []string { return lists[list] })
		for _, name := range lists["unknown"] {
			role.Unknown(name)
		}
		roles = append(roles, role)
	}
	return roles, true
}

// known reports whether a name is that of an option of the settings.
func known(name string) bool {
	_, ok := config.LookupOption(name)
	return ok
}
