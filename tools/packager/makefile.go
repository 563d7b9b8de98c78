// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
)

// makefile is what the packager needs of a package's Makefile: simple
// assignments and defines. So version, dependencies and scripts are written
// down once, for OpenWrt's build and for this one.
type makefile struct {
	path    string
	vars    map[string]string
	defines map[string]string
}

// version takes the place of the Makefile's own, unless it is empty.
func readMakefile(path, version string) (*makefile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &makefile{path: path, vars: map[string]string{}, defines: map[string]string{}}
	lines := strings.Split(string(text), "\n")

	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if name, ok := strings.CutPrefix(line, "define "); ok {
			var body []string
			for i++; i < len(lines) && lines[i] != "endef"; i++ {
				body = append(body, lines[i])
			}
			if i == len(lines) {
				return nil, fmt.Errorf("%s: define %s has no endef", path, name)
			}
			m.defines[strings.TrimSpace(name)] = strings.Join(body, "\n") + "\n"
			continue
		}
		if name, value, ok := strings.Cut(line, ":="); ok && !strings.ContainsAny(name, " \t#$") {
			m.vars[name] = strings.TrimSpace(value)
		}
	}
	if version != "" {
		m.setVersion(version)
	}
	return m, nil
}

// value returns a variable with the references to others in it resolved. A
// reference to one that OpenWrt sets is dropped.
func (m *makefile) value(name string) string { return m.expand(m.vars[name]) }

// field returns an assignment inside a define, such as TITLE of Package/x.
func (m *makefile) field(define, name string) string {
	for _, line := range strings.Split(m.defines[define], "\n") {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":="); ok && key == name {
			return m.expand(value)
		}
	}
	return ""
}

// script returns a define that is a shell script, the way make hands it on;
// "" if there is none.
func (m *makefile) script(define string) string {
	return strings.ReplaceAll(m.defines[define], "$$", "$")
}

func (m *makefile) expand(s string) string {
	for {
		start := strings.Index(s, "$(")
		if start < 0 {
			return strings.TrimSpace(s)
		}
		end := strings.IndexByte(s[start:], ')')
		if end < 0 {
			return strings.TrimSpace(s)
		}
		s = s[:start] + m.vars[s[start+2:start+end]] + s[start+end+1:]
	}
}

// version is the package's version in OpenWrt's spelling.
func (m *makefile) version() string {
	return m.value("PKG_VERSION") + "-r" + m.value("PKG_RELEASE")
}

// setVersion puts another version, in OpenWrt's spelling, in place of the
// Makefile's, wherever it refers to it.
func (m *makefile) setVersion(version string) {
	m.vars["PKG_VERSION"], m.vars["PKG_RELEASE"] = version, ""
	if number, release, ok := strings.Cut(version, "-r"); ok {
		m.vars["PKG_VERSION"], m.vars["PKG_RELEASE"] = number, release
	}
}

// dependency is a package that another one needs, and which version of it:
// "" for any.
type dependency struct{ name, version string }

// dependencies turns "+rpcd @cond +ca-bundle" into names, of which extra, such
// as "luci-sso (=1.0-r1)", says the version. Every package of OpenWrt depends
// on its C library.
func dependencies(list, extra string) ([]dependency, error) {
	versions := map[string]string{}
	for _, one := range strings.Split(extra, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		name, constraint, ok := strings.Cut(one, " (=")
		version, closed := strings.CutSuffix(constraint, ")")
		if !ok || !closed {
			return nil, fmt.Errorf("EXTRA_DEPENDS: %q is not of the form NAME (=VERSION)", one)
		}
		versions[name] = version
	}
	needs := []dependency{{name: "libc"}}
	for _, word := range strings.Fields(list) {
		if name, ok := strings.CutPrefix(word, "+"); ok {
			needs = append(needs, dependency{name, versions[name]})
			delete(versions, name)
		}
	}
	for name := range versions {
		return nil, fmt.Errorf("EXTRA_DEPENDS names %s, DEPENDS does not", name)
	}
	return needs, nil
}
