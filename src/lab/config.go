// SPDX-License-Identifier: Apache-2.0

package lab

import "strings"

// Config is a text of /etc/config/luci-sso in the making.
type Config struct{ sections []section }

type section struct {
	kind, name string
	options    []option
}

type option struct {
	name   string
	values []string
}

// lists are the options that are lists, whatever the number of values.
var lists = map[string]bool{"email": true, "group": true, "sub": true, "provider": true, "read": true, "write": true}

// DefaultConfig lets the people of the built-in cast in: Alice as admin by
// e-mail, router-operators and router-viewers by group, and nobody else.
func DefaultConfig(issuer, clientID, clientSecret string) *Config {
	c := &Config{sections: []section{{kind: "oidc", name: "default"}}}
	c.Set("enabled", "1")
	c.Set("issuer_url", issuer)
	c.Set("client_id", clientID)
	c.Set("client_secret", clientSecret)
	c.Set("scope", "openid profile email groups")
	c.Set("clock_tolerance", "60")
	c.Set("admin.email", "alice@example.com")
	c.Set("admin.read", "*")
	c.Set("admin.write", "*")
	c.Set("operator.group", "router-operators")
	c.Set("operator.read", "*")
	c.Set("operator.write", "luci-base", "luci-mod-network-*")
	c.Set("viewer.group", "router-viewers")
	c.Set("viewer.read", "luci-base", "luci-mod-status-*")
	return c
}

// AddProvider adds a section with one more provider, enabled.
func (c *Config) AddProvider(name, issuer, clientID, clientSecret string) {
	c.sections = append(c.sections, section{kind: "oidc", name: name})
	c.Set(name+".enabled", "1")
	c.Set(name+".issuer_url", issuer)
	c.Set(name+".client_id", clientID)
	c.Set(name+".client_secret", clientSecret)
	c.Set(name+".scope", "openid profile email groups")
}

// Set sets an option, "name" or "section.name"; without values it deletes it.
// A section that is not there becomes a role.
func (c *Config) Set(name string, values ...string) {
	sectionName, optionName, ok := strings.Cut(name, ".")
	if !ok {
		sectionName, optionName = "default", name
	}
	s := c.section(sectionName)
	for i := range s.options {
		if s.options[i].name == optionName {
			if len(values) == 0 {
				s.options = append(s.options[:i], s.options[i+1:]...)
			} else {
				s.options[i].values = values
			}
			return
		}
	}
	if len(values) > 0 {
		s.options = append(s.options, option{optionName, values})
	}
}

// Remove deletes a section.
func (c *Config) Remove(name string) {
	for i := range c.sections {
		if c.sections[i].name == name {
			c.sections = append(c.sections[:i], c.sections[i+1:]...)
			return
		}
	}
}

func (c *Config) section(name string) *section {
	for i := range c.sections {
		if c.sections[i].name == name {
			return &c.sections[i]
		}
	}
	c.sections = append(c.sections, section{kind: "role", name: name})
	return &c.sections[len(c.sections)-1]
}

// Text is the file as uci would write it.
func (c *Config) Text() string {
	var out strings.Builder
	for _, s := range c.sections {
		out.WriteString("\nconfig " + s.kind + " '" + s.name + "'\n")
		for _, o := range s.options {
			kind := "option"
			if lists[o.name] || len(o.values) > 1 {
				kind = "list"
			}
			for _, value := range o.values {
				out.WriteString("\t" + kind + " " + o.name + " " + quote(value) + "\n")
			}
		}
	}
	out.WriteString("\n")
	return out.String()
}

func quote(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
