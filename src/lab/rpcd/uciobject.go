// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/internal/uci"
)

// The `uci` object: what a settings page needs of it. Each session has its own
// list of changes, carried out on the file as it is whenever somebody looks,
// until `apply` writes them into it. Left out are methods LuCI does not use
// here, and of `apply` what procd does afterwards.
//
// A rollback is armed by `apply` and dropped by `confirm`; the timer that
// would fire in between is left out, because nobody here loses the connection.

// edit is one change; section order is `edit{verb: "order", value: names}`.
type edit struct {
	verb    string // "add", "set", "remove" or "order".
	section string
	option  string // "" for the section itself.
	value   any    // A string or a list of strings; of "add" the type.
}

var uciMethods = []struct {
	name string
	args []ubusd.Arg
	run  method
}{
	{"get", []ubusd.Arg{sid, config}, (*RPCD).uciGet},
	{"add", []ubusd.Arg{sid, config, str("type"), str("name"), {Name: "values", Type: ubus.TypeTable}}, (*RPCD).uciAdd},
	{"set", []ubusd.Arg{sid, config, str("section"), {Name: "values", Type: ubus.TypeTable}}, (*RPCD).uciSet},
	{"delete", []ubusd.Arg{sid, config, str("section"), {Name: "options", Type: ubus.TypeArray}}, (*RPCD).uciDelete},
	{"order", []ubusd.Arg{sid, config, {Name: "sections", Type: ubus.TypeArray}}, (*RPCD).uciOrder},
	{"changes", []ubusd.Arg{sid, config}, (*RPCD).uciChanges},
	{"revert", []ubusd.Arg{sid, config}, (*RPCD).uciRevert},
	{"apply", []ubusd.Arg{sid, {Name: "rollback", Type: ubus.TypeBool}, {Name: "timeout", Type: ubus.TypeInt32}}, (*RPCD).uciApply},
	{"confirm", []ubusd.Arg{sid}, (*RPCD).uciConfirm},
}

var config = str("config")

func str(name string) ubusd.Arg { return ubusd.Arg{Name: name, Type: ubus.TypeString} }

func (r *RPCD) uciObject() ubusd.Object {
	o := ubusd.Object{Name: "uci"}
	for _, m := range uciMethods {
		o.Methods = append(o.Methods, ubusd.Method{
			Name: m.name,
			Args: m.args,
			Handle: func(_ context.Context, args ubus.Table) ([]ubus.Ordered, ubus.Status) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.expire()
				return m.run(r, args)
			},
		})
	}
	return o
}

// mayUCI is rpcd's own check, after the web server's: a caller without a
// session is root on the router itself.
func (r *RPCD) mayUCI(args ubus.Table, right string) (id, name string, status ubus.Status) {
	id, _ = args[sid.Name].(string)
	name, ok := args[config.Name].(string)
	if !ok || name == "" || strings.ContainsAny(name, "/.") {
		return id, name, ubus.InvalidArgument
	}
	if id != "" {
		s := r.use(id)
		if s == nil || !s.rights["uci"].allow(name, right) {
			return id, name, ubus.PermissionDenied
		}
	}
	return id, name, ubus.OK
}

// draft is a configuration as a session sees it: the file and its changes.
func (r *RPCD) draft(id, name string) (*uci.Package, ubus.Status) {
	pkg, err := uci.Load(r.path("/etc/config/" + name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ubus.NotFound
	}
	if err != nil {
		return nil, ubus.UnknownError
	}
	for _, e := range r.edits[id][name] {
		if status := e.apply(pkg); status != ubus.OK {
			return nil, status
		}
	}
	return pkg, ubus.OK
}

func (e edit) apply(pkg *uci.Package) ubus.Status {
	if e.verb == "order" {
		place := map[string]int{}
		for i, name := range e.value.([]string) {
			place[name] = i
		}
		sort.SliceStable(pkg.Sections, func(i, j int) bool {
			return place[pkg.Sections[i].Name] < place[pkg.Sections[j].Name]
		})
		return ubus.OK
	}
	section, found := pkg.Lookup(e.section)
	switch {
	case e.verb == "add":
		if found {
			return ubus.InvalidArgument
		}
		pkg.Sections = append(pkg.Sections, uci.Section{Type: e.value.(string), Name: e.section})
	case !found && e.verb == "set":
		return ubus.InvalidArgument
	case !found:
		return ubus.NotFound
	case e.verb == "remove" && e.option == "":
		for i := range pkg.Sections {
			if pkg.Sections[i].Name == e.section {
				pkg.Sections = append(pkg.Sections[:i:i], pkg.Sections[i+1:]...)
				break
			}
		}
	default:
		setOption(section, e.option, e.value)
	}
	return ubus.OK
}

// setOption replaces an option where it stands; value nil takes it out.
func setOption(section *uci.Section, name string, value any) {
	option := uci.Option{Name: name}
	switch value := value.(type) {
	case string:
		option.Values = []string{value}
	case []string:
		option.Values, option.List = value, true
	}
	for i := range section.Options {
		if section.Options[i].Name == name {
			if value == nil {
				section.Options = append(section.Options[:i:i], section.Options[i+1:]...)
			} else {
				section.Options[i] = option
			}
			return
		}
	}
	if value != nil {
		section.Options = append(section.Options, option)
	}
}

// change takes edits down, if they can be carried out.
func (r *RPCD) change(id, name string, edits ...edit) ubus.Status {
	before := r.edits[id][name]
	if r.edits[id] == nil {
		r.edits[id] = map[string][]edit{}
	}
	r.edits[id][name] = append(before[:len(before):len(before)], edits...)
	_, status := r.draft(id, name)
	if status != ubus.OK {
		r.edits[id][name] = before
	}
	return status
}

func (r *RPCD) uciGet(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, name, status := r.mayUCI(args, "read")
	if status != ubus.OK {
		return nil, status
	}
	pkg, status := r.draft(id, name)
	if status != ubus.OK {
		return nil, status
	}
	values := ubus.Ordered{}
	for i, section := range pkg.Sections {
		fields := ubus.Ordered{
			{Name: ".anonymous", Value: section.Anonymous}, {Name: ".type", Value: section.Type},
			{Name: ".name", Value: section.Name}, {Name: ".index", Value: int32(i)},
		}
		for _, option := range section.Options {
			var value any = option.Values
			if !option.List {
				value = option.Values[0]
			}
			fields = append(fields, ubus.Pair{Name: option.Name, Value: value})
		}
		values = append(values, ubus.Pair{Name: section.Name, Value: fields})
	}
	return []ubus.Ordered{{{Name: "values", Value: values}}}, ubus.OK
}

// assignments turns the argument `values` into edits, in the order of names.
func assignments(section string, values any) (edits []edit, ok bool) {
	table, _ := values.(ubus.Table)
	for option, value := range table {
		e := edit{verb: "set", section: section, option: option}
		switch value := value.(type) {
		case string:
			e.value = value
		case []any:
			list := make([]string, 0, len(value))
			for _, item := range value {
				text, ok := item.(string)
				if !ok {
					return nil, false
				}
				list = append(list, text)
			}
			e.value = list
		default:
			return nil, false
		}
		edits = append(edits, e)
	}
	sort.Slice(edits, func(i, j int) bool { return edits[i].option < edits[j].option })
	return edits, true
}

func (r *RPCD) uciAdd(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, name, status := r.mayUCI(args, "write")
	if status != ubus.OK {
		return nil, status
	}
	kind, _ := args["type"].(string)
	section, _ := args["name"].(string)
	edits, ok := assignments(section, args["values"])
	if kind == "" || section == "" || !ok { // Sections without a name are left out.
		return nil, ubus.InvalidArgument
	}
	if status := r.change(id, name, append([]edit{{verb: "add", section: section, value: kind}}, edits...)...); status != ubus.OK {
		return nil, status
	}
	return []ubus.Ordered{{{Name: "section", Value: section}}}, ubus.OK
}

func (r *RPCD) uciSet(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, name, status := r.mayUCI(args, "write")
	if status != ubus.OK {
		return nil, status
	}
	section, _ := args["section"].(string)
	edits, ok := assignments(section, args["values"])
	if section == "" || !ok {
		return nil, ubus.InvalidArgument
	}
	return nil, r.change(id, name, edits...)
}

func (r *RPCD) uciDelete(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, name, status := r.mayUCI(args, "write")
	if status != ubus.OK {
		return nil, status
	}
	section, _ := args["section"].(string)
	if section == "" {
		return nil, ubus.InvalidArgument
	}
	options, some := args["options"].([]any)
	if !some {
		return nil, r.change(id, name, edit{verb: "remove", section: section})
	}
	var edits []edit
	for _, option := range options {
		text, _ := option.(string)
		if text == "" {
			return nil, ubus.InvalidArgument
		}
		edits = append(edits, edit{verb: "remove", section: section, option: text})
	}
	return nil, r.change(id, name, edits...)
}

func (r *RPCD) uciOrder(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, name, status := r.mayUCI(args, "write")
	if status != ubus.OK {
		return nil, status
	}
	var names []string
	sections, _ := args["sections"].([]any)
	for _, section := range sections {
		text, _ := section.(string)
		names = append(names, text)
	}
	return nil, r.change(id, name, edit{verb: "order", value: names})
}

func (r *RPCD) uciChanges(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, _ := args[sid.Name].(string)
	all := ubus.Ordered{}
	for name, edits := range r.edits[id] {
		var records []any
		for _, e := range edits {
			record := []any{e.verb, e.section}
			if e.option != "" {
				record = append(record, e.option)
			}
			if value, err := json.Marshal(e.value); err == nil && e.value != nil {
				record = append(record, strings.Trim(string(value), `"`))
			}
			records = append(records, record)
		}
		if s := r.sessions[id]; len(records) > 0 && (id == "" || s != nil && s.rights["uci"].allow(name, "read")) {
			all = append(all, ubus.Pair{Name: name, Value: records})
		}
	}
	return []ubus.Ordered{{{Name: "changes", Value: all}}}, ubus.OK
}

func (r *RPCD) uciRevert(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, name, status := r.mayUCI(args, "write")
	if status == ubus.OK {
		delete(r.edits[id], name)
	}
	return nil, status
}

func (r *RPCD) uciApply(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, _ := args[sid.Name].(string)
	if len(r.edits[id]) == 0 {
		return nil, ubus.NoData
	}
	for name := range r.edits[id] {
		if _, _, status := r.mayUCI(ubus.Table{sid.Name: id, config.Name: name}, "write"); id != "" && status != ubus.OK {
			return nil, status
		}
		pkg, status := r.draft(id, name)
		if status != ubus.OK {
			return nil, status
		}
		if os.WriteFile(r.path("/etc/config/"+name), []byte(exportUCI(pkg)), 0o600) != nil {
			return nil, ubus.UnknownError
		}
		delete(r.edits[id], name)
	}
	if rollback, _ := args["rollback"].(bool); rollback {
		r.unconfirmed = id
	}
	return nil, ubus.OK
}

func (r *RPCD) uciConfirm(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	id, _ := args[sid.Name].(string)
	if r.unconfirmed == "" {
		return nil, ubus.NoData
	}
	if r.unconfirmed != id {
		return nil, ubus.PermissionDenied
	}
	r.unconfirmed = ""
	return nil, ubus.OK
}

// exportUCI writes a file as libuci does, which loses the comments.
func exportUCI(pkg *uci.Package) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	var b strings.Builder
	for _, section := range pkg.Sections {
		b.WriteString("\nconfig " + section.Type)
		if !section.Anonymous {
			b.WriteString(" " + quote(section.Name))
		}
		b.WriteString("\n")
		for _, option := range section.Options {
			word := "option"
			if option.List {
				word = "list"
			}
			for _, value := range option.Values {
				b.WriteString("\t" + word + " " + option.Name + " " + quote(value) + "\n")
			}
		}
	}
	return b.String() + "\n"
}
