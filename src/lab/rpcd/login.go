// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"os"
	"strings"
)

// login is a section of /etc/config/rpcd.
type login struct {
	kind    string
	options map[string]option
}

type option struct {
	values []string
	list   bool
}

type logins []*login

// text is an option's value, unless it is a list.
func (l *login) text(name string) (string, bool) {
	o, ok := l.options[name]
	if !ok || o.list {
		return "", false
	}
	return o.values[0], true
}

// find returns the first login with that username whose password is accepted;
// accepts nil asks for none. A login without the option password matches only
// then: it cannot be signed in to.
func (all logins) find(user string, accepts func(stored string) bool) *login {
	for _, l := range all {
		if name, ok := l.text("username"); !ok || name != user {
			continue
		}
		if accepts == nil {
			return l
		}
		if stored, ok := l.text("password"); ok && accepts(stored) {
			return l
		}
	}
	return nil
}

func (r *RPCD) checkPassword(stored, given string) bool {
	if stored == "" {
		return true
	}
	if user, system := strings.CutPrefix(stored, "$p$"); system {
		stored, known := r.passwords[user]
		return known && (stored == "" || stored == given)
	}
	return stored == given
}

// permits tells whether the login's list read or write has the group.
// Negations come first and are final, and write implies read. An option that
// is no list does not count.
func (l *login) permits(perm, group string) bool {
	if l == nil {
		return group == "unauthenticated"
	}
	if o := l.options[perm]; o.list {
		for _, p := range o.values {
			if !strings.HasPrefix(p, "!") {
				continue
			}
			p = strings.TrimLeft(p[1:], " \t\n\v\f\r")
			if p != "" && match(p, group, true) {
				return false
			}
		}
		for _, p := range o.values {
			if p != "" && p[0] != '!' && match(p, group, true) {
				return true
			}
		}
	}
	return perm == "read" && l.permits("write", group)
}

// readLogins reads the configuration anew. One that cannot be read has no
// logins, as a broken one has for rpcd.
func (r *RPCD) readLogins() logins {
	content, err := os.ReadFile(r.path("/etc/config/rpcd"))
	if err != nil {
		return nil
	}
	all, err := parseLogins(string(content))
	if err != nil {
		return nil
	}
	return all
}
