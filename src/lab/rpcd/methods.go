// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"context"
	"sort"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
)

// method carries out one method of `session`. The arguments it does not find
// under their name with their type it treats as absent, as rpcd does.
type method func(r *RPCD, args ubus.Table) ([]ubus.Ordered, ubus.Status)

var methods = []struct {
	name string
	args []ubusd.Arg
	run  method
}{
	{"create", []ubusd.Arg{{Name: "timeout", Type: ubus.TypeInt32}}, (*RPCD).doCreate},
	{"list", []ubusd.Arg{sid}, (*RPCD).doList},
	{"grant", grantArgs, (*RPCD).doGrant},
	{"revoke", grantArgs, (*RPCD).doRevoke},
	{"access", []ubusd.Arg{
		sid,
		{Name: "scope", Type: ubus.TypeString},
		{Name: "object", Type: ubus.TypeString},
		{Name: "function", Type: ubus.TypeString},
	}, (*RPCD).doAccess},
	{"set", []ubusd.Arg{sid, {Name: "values", Type: ubus.TypeTable}}, (*RPCD).doSet},
	{"get", keyArgs, (*RPCD).doGet},
	{"unset", keyArgs, (*RPCD).doUnset},
	{"destroy", []ubusd.Arg{sid}, (*RPCD).doDestroy},
	{"login", []ubusd.Arg{
		{Name: "username", Type: ubus.TypeString},
		{Name: "password", Type: ubus.TypeString},
		{Name: "timeout", Type: ubus.TypeInt32},
	}, (*RPCD).doLogin},
}

var (
	sid       = ubusd.Arg{Name: "ubus_rpc_session", Type: ubus.TypeString}
	keyArgs   = []ubusd.Arg{sid, {Name: "keys", Type: ubus.TypeArray}}
	grantArgs = []ubusd.Arg{
		sid,
		{Name: "scope", Type: ubus.TypeString},
		{Name: "objects", Type: ubus.TypeArray},
	}
)

// Objects are what rpcd puts on the bus. Most callers want Register.
func (r *RPCD) Objects() []ubusd.Object {
	o := ubusd.Object{Name: "session"}
	for _, m := range methods {
		o.Methods = append(o.Methods, ubusd.Method{
			Name: m.name,
			Args: m.args,
			Handle: func(_ context.Context, args ubus.Table) ([]ubus.Ordered, ubus.Status) {
				r.mu.Lock()
				defer r.mu.Unlock()
				if r.hook != nil {
					if status := r.hook(m.name, args); status != ubus.OK {
						return nil, status
					}
				}
				r.expire()
				return m.run(r, args)
			},
		})
	}
	return append([]ubusd.Object{o, r.uciObject()}, r.plugins()...)
}

func (r *RPCD) dump(s *session) ubus.Ordered {
	return ubus.Ordered{
		{Name: "ubus_rpc_session", Value: s.id},
		{Name: "timeout", Value: s.timeout},
		{Name: "expires", Value: s.left(r.now())},
		{Name: "acls", Value: s.dumpRights()},
		{Name: "data", Value: s.dumpData()},
	}
}

func (s *session) dumpData() ubus.Ordered {
	names := make([]string, 0, len(s.data))
	for name := range s.data {
		names = append(names, name)
	}
	sort.Strings(names)
	o := ubus.Ordered{}
	for _, name := range names {
		o = append(o, ubus.Pair{Name: name, Value: s.data[name]})
	}
	return o
}

// named finds the session that ubus_rpc_session names.
func (r *RPCD) named(args ubus.Table) (*session, ubus.Status) {
	id, ok := args[sid.Name].(string)
	if !ok {
		return nil, ubus.InvalidArgument
	}
	if s := r.use(id); s != nil {
		return s, ubus.OK
	}
	return nil, ubus.NotFound
}

func (r *RPCD) doCreate(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	timeout := int32(defaultTimeout)
	if t, ok := args["timeout"].(int32); ok {
		timeout = t
	}
	s := r.create(timeout)
	if s == nil {
		return nil, ubus.OK // No reply is all rpcd says.
	}
	return []ubus.Ordered{r.dump(s)}, ubus.OK
}

func (r *RPCD) doList(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	if _, one := args[sid.Name].(string); one {
		s, status := r.named(args)
		if status != ubus.OK {
			return nil, status
		}
		return []ubus.Ordered{r.dump(s)}, ubus.OK
	}
	var all []ubus.Ordered
	for _, s := range r.sorted() {
		all = append(all, r.dump(s))
	}
	return all, ubus.OK
}

// forEachPair goes through the objects argument: of each entry that is a list
// the first two strings count, and an entry without two is passed over.
func forEachPair(objects []any, visit func(object, function string)) {
	for _, entry := range objects {
		list, ok := entry.([]any)
		if !ok {
			continue
		}
		var words []string
		for _, v := range list {
			if word, ok := v.(string); ok {
				words = append(words, word)
			}
		}
		if len(words) >= 2 {
			visit(words[0], words[1])
		}
	}
}

func scopeOf(args ubus.Table) string {
	if scope, ok := args["scope"].(string); ok {
		return scope
	}
	return "ubus"
}

func (r *RPCD) doGrant(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	s, status := r.named(args)
	if status != ubus.OK {
		return nil, status
	}
	objects, ok := args["objects"].([]any)
	if !ok {
		return nil, ubus.InvalidArgument
	}
	forEachPair(objects, func(object, function string) { s.grant(scopeOf(args), object, function) })
	return nil, ubus.OK
}

func (r *RPCD) doRevoke(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	s, status := r.named(args)
	if status != ubus.OK {
		return nil, status
	}
	scope := scopeOf(args)
	objects, ok := args["objects"].([]any)
	if !ok {
		delete(s.rights, scope)
		return nil, ubus.OK
	}
	forEachPair(objects, func(object, function string) { s.revoke(scope, object, function) })
	return nil, ubus.OK
}

func (r *RPCD) doAccess(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	s, status := r.named(args)
	if status != ubus.OK {
		return nil, status
	}
	object, ok := args["object"].(string)
	function, ok2 := args["function"].(string)
	if !ok || !ok2 {
		return []ubus.Ordered{s.dumpRights()}, ubus.OK
	}
	allowed := s.rights[scopeOf(args)].allow(object, function)
	return []ubus.Ordered{{{Name: "access", Value: allowed}}}, ubus.OK
}

func (r *RPCD) doSet(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	values, ok := args["values"].(ubus.Table)
	if !ok {
		return nil, ubus.InvalidArgument
	}
	s, status := r.named(args)
	if status != ubus.OK {
		return nil, status
	}
	for name, v := range values {
		if name != "" {
			s.data[name] = v
		}
	}
	return nil, ubus.OK
}

func (r *RPCD) doGet(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	s, status := r.named(args)
	if status != ubus.OK {
		return nil, status
	}
	values := ubus.Ordered{}
	if keys, ok := args["keys"].([]any); ok {
		for _, k := range keys {
			name, _ := k.(string)
			if v, there := s.data[name]; there {
				values = append(values, ubus.Pair{Name: name, Value: v})
			}
		}
	} else {
		values = s.dumpData()
	}
	return []ubus.Ordered{{{Name: "values", Value: values}}}, ubus.OK
}

func (r *RPCD) doUnset(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	s, status := r.named(args)
	if status != ubus.OK {
		return nil, status
	}
	keys, ok := args["keys"].([]any)
	if !ok {
		clear(s.data)
		return nil, ubus.OK
	}
	for _, k := range keys {
		if name, ok := k.(string); ok {
			delete(s.data, name)
		}
	}
	return nil, ubus.OK
}

func (r *RPCD) doDestroy(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	if args[sid.Name] == defaultSession {
		return nil, ubus.PermissionDenied
	}
	s, status := r.named(args)
	if status != ubus.OK {
		return nil, status
	}
	delete(r.sessions, s.id)
	return nil, ubus.OK
}

func (r *RPCD) doLogin(args ubus.Table) ([]ubus.Ordered, ubus.Status) {
	user, ok := args["username"].(string)
	password, ok2 := args["password"].(string)
	if !ok || !ok2 {
		return nil, ubus.InvalidArgument
	}
	l := r.readLogins().find(user, func(stored string) bool { return r.checkPassword(stored, password) })
	if l == nil {
		return nil, ubus.PermissionDenied
	}
	timeout := int32(defaultTimeout)
	if t, ok := args["timeout"].(int32); ok {
		timeout = t
	}
	s := r.create(timeout)
	if s == nil {
		return nil, ubus.UnknownError
	}
	r.setupRights(s, l)
	s.data["username"] = user
	return []ubus.Ordered{r.dump(s)}, ubus.OK
}
