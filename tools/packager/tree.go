// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// entry is a file or symbolic link of a package, by its absolute path on the
// router. Directories follow from the files.
type entry struct {
	Path    string
	Mode    fs.FileMode
	Link    string // What a symbolic link says; "" for a file.
	Content []byte
}

// pkg is one package to write. All scripts are what the package itself wants;
// OpenWrt's own part is added for each format.
type pkg struct {
	Name, Version, Arch      string
	Depends                  []dependency
	Source                   string
	License, LicenseFiles    string
	Section, Maintainer, URL string
	Title, Description       string
	Entries                  []entry
	Keep                     []string // As conffiles in the Makefile: files and directories.
	PostInst, PreRm, PostRm  string
}

const (
	program   = "/www/cgi-bin/luci-sso"
	versionJS = "/www/luci-static/resources/luci-sso/version.js"
)

// backend is package luci-sso around a binary. The rules are those of its
// Makefile's install section.
func (o *options) backend(binary []byte, a string) (pkg, error) {
	top := o.top
	dir := filepath.Join(top, "package/luci-sso")
	m, err := readMakefile(filepath.Join(dir, "Makefile"), o.version)
	if err != nil {
		return pkg{}, err
	}
	const define = "Package/luci-sso"
	needs, err := dependencies(m.field(define, "DEPENDS"), m.field(define, "EXTRA_DEPENDS"))
	if err != nil {
		return pkg{}, err
	}
	p := pkg{
		Name: "luci-sso", Version: m.version(), Arch: a,
		Depends:      needs,
		Source:       "package/luci-sso",
		License:      m.value("PKG_LICENSE"),
		LicenseFiles: m.value("PKG_LICENSE_FILES"),
		Maintainer:   m.value("PKG_MAINTAINER"),
		URL:          o.url,
		Section:      m.field(define, "SECTION"),
		Title:        m.field(define, "TITLE"),
		Description:  m.defines[define+"/description"],
		Keep:         strings.Fields(m.defines[define+"/conffiles"]),
		PostInst:     m.script(define + "/postinst"),
		PreRm:        m.script(define + "/prerm"),
		PostRm:       m.script(define + "/postrm"),
	}
	if p.Entries, err = files(filepath.Join(dir, "files"), "/"); err != nil {
		return pkg{}, err
	}
	for i := range p.Entries {
		if p.Entries[i].Path == "/etc/config/luci-sso" {
			p.Entries[i].Mode = 0o600 // It holds the client secret.
		}
	}
	p.Entries = append(p.Entries,
		entry{Path: program, Mode: 0o755, Content: binary},
		entry{Path: "/usr/libexec/rpcd/luci-sso", Mode: 0o777, Link: "../../../www/cgi-bin/luci-sso"},
		entry{Path: "/usr/sbin/luci-sso", Mode: 0o777, Link: "../../www/cgi-bin/luci-sso"},
	)
	p.keepOnUpgrade()
	return p, p.finish()
}

// page is package luci-app-sso.
func (o *options) page() (pkg, error) {
	dir := filepath.Join(o.top, "package/luci-app-sso")
	m, err := readMakefile(filepath.Join(dir, "Makefile"), o.version)
	if err != nil {
		return pkg{}, err
	}
	const define = "Package/luci-app-sso"
	needs, err := dependencies(m.value("LUCI_DEPENDS"), m.value("LUCI_EXTRA_DEPENDS"))
	if err != nil {
		return pkg{}, err
	}
	p := pkg{
		Name: "luci-app-sso", Version: m.version(), Arch: all,
		Depends:      needs,
		Source:       "package/luci-app-sso",
		License:      m.value("PKG_LICENSE"),
		LicenseFiles: m.value("PKG_LICENSE_FILES"),
		Maintainer:   m.value("LUCI_MAINTAINER"),
		URL:          o.url,
		Section:      "luci",
		Title:        m.value("LUCI_TITLE"),
		Description:  m.value("LUCI_DESCRIPTION"),
		PostInst:     m.script(define + "/postinst"),
		PreRm:        m.script(define + "/prerm"),
		PostRm:       m.script(define + "/postrm"),
	}
	htdocs, err := files(filepath.Join(dir, "htdocs"), "/www")
	if err != nil {
		return pkg{}, err
	}
	for _, e := range htdocs {
		if e.Path == versionJS {
			// In the tree the page is of version "dev", as a program built there.
			before, after, ok := strings.Cut(string(e.Content), "'dev'")
			if !ok || strings.Contains(after, "'dev'") {
				return pkg{}, fmt.Errorf("%s: 'dev' is not there exactly once", e.Path)
			}
			e.Content = []byte(before + "'" + p.Version + "'" + after)
		}
		p.Entries = append(p.Entries, e)
	}
	if !p.has(versionJS) {
		return pkg{}, fmt.Errorf("there is no %s", versionJS)
	}
	root, err := files(filepath.Join(dir, "root"), "/")
	if err != nil {
		return pkg{}, err
	}
	p.Entries = append(p.Entries, root...)
	return p, p.finish()
}

// language is how LuCI names one: the directory under po, the code in file and
// package names, and what the list of languages shows.
type language struct{ dir, code, title string }

// OpenWrt's build ignores a directory that is not in LuCI's own list, without
// a word. Here that is an error.
var languages = []language{
	{"ar", "ar", "العربية (Arabic)"},
	{"bg", "bg", "български (Bulgarian)"},
	{"ca", "ca", "Català (Catalan)"},
	{"cs", "cs", "Čeština (Czech)"},
	{"da", "da", "Dansk (Danish)"},
	{"de", "de", "Deutsch (German)"},
	{"el", "el", "Ελληνικά (Greek)"},
	{"es", "es", "Español (Spanish)"},
	{"fi", "fi", "Suomi (Finnish)"},
	{"fr", "fr", "Français (French)"},
	{"he", "he", "עִבְרִית (Hebrew)"},
	{"hu", "hu", "Magyar (Hungarian)"},
	{"it", "it", "Italiano (Italian)"},
	{"ja", "ja", "日本語 (Japanese)"},
	{"ko", "ko", "한국어 (Korean)"},
	{"lt", "lt", "Lietuvių (Lithuanian)"},
	{"nb_NO", "no", "Norsk (Norwegian)"},
	{"nl", "nl", "Nederlands (Dutch)"},
	{"pl", "pl", "Polski (Polish)"},
	{"pt", "pt", "Português (Portuguese)"},
	{"pt_BR", "pt-br", "Português do Brasil (Brazilian Portuguese)"},
	{"ro", "ro", "Română (Romanian)"},
	{"ru", "ru", "Русский (Russian)"},
	{"sk", "sk", "Slovenčina (Slovak)"},
	{"sv", "sv", "Svenska (Swedish)"},
	{"tr", "tr", "Türkçe (Turkish)"},
	{"uk", "uk", "Українська (Ukrainian)"},
	{"vi", "vi", "Tiếng Việt (Vietnamese)"},
	{"zh_Hans", "zh-cn", "简体中文 (Simplified Chinese)"},
	{"zh_Hant", "zh-tw", "正體中文 (Traditional Chinese)"},
}

// translations are the packages luci-i18n-sso-*, one for each directory of
// package/luci-app-sso/po that holds translations.
func translations(top string, app pkg) ([]pkg, error) {
	dir := filepath.Join(top, "package/luci-app-sso/po")
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []pkg
	for _, name := range names {
		if !name.IsDir() || name.Name() == "templates" {
			continue
		}
		p, err := translation(filepath.Join(dir, name.Name()), app)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func translation(dir string, app pkg) (pkg, error) {
	var l language
	for _, known := range languages {
		if known.dir == filepath.Base(dir) {
			l = known
		}
	}
	if l.code == "" {
		return pkg{}, fmt.Errorf("%s: not a language this program knows; add it to languages as luci.mk spells it", dir)
	}
	name := "luci-i18n-sso-" + l.code
	p := pkg{
		Name: name, Version: app.Version, Arch: all,
		Depends: []dependency{{name: "libc"}, {name: app.Name}},
		Source:  app.Source, License: app.License, LicenseFiles: app.LicenseFiles,
		Section: app.Section, Maintainer: app.Maintainer, URL: app.URL,
		Title:       app.Name + " - " + l.code + " translation",
		Description: "Translation for " + app.Name + " - " + l.title,
		Entries: []entry{{
			Path: "/etc/uci-defaults/" + name, Mode: 0o644,
			Content: []byte("uci set luci.languages." + strings.ReplaceAll(l.code, "-", "_") +
				"='" + l.title + "'; uci commit luci\n"),
		}},
	}
	sources, err := filepath.Glob(filepath.Join(dir, "*.po"))
	if err != nil {
		return pkg{}, err
	}
	if len(sources) == 0 {
		return pkg{}, fmt.Errorf("%s: no .po file", dir)
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return pkg{}, err
		}
		catalogue, err := toLMO(text)
		if err != nil {
			return pkg{}, fmt.Errorf("%s: %w", source, err)
		}
		if catalogue == nil {
			return pkg{}, fmt.Errorf("%s: nothing is translated", source)
		}
		p.Entries = append(p.Entries, entry{
			Path: "/usr/lib/lua/luci/i18n/" + strings.TrimSuffix(filepath.Base(source), ".po") + "." + l.code + ".lmo",
			Mode: 0o644, Content: catalogue,
		})
	}
	return p, p.finish()
}

// files reads a directory tree as it is to lie below prefix. Git keeps only
// whether a file is executable, so nothing else counts here either.
func files(dir, prefix string) ([]entry, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	var list []entry
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), "~") {
			return fmt.Errorf("%s: hidden files and backups do not belong in a package", name)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s: only regular files are packaged from the tree", name)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		list = append(list, entry{Path: path.Join(prefix, filepath.ToSlash(rel)), Mode: mode, Content: content})
		return nil
	})
	return list, err
}

// keepOnUpgrade lists what sysupgrade has to keep and no package file can
// stand for, as OpenWrt's build does.
func (p *pkg) keepOnUpgrade() {
	var lines string
	for _, name := range p.Keep {
		if !p.has(name) {
			lines += name + "\n"
		}
	}
	if lines != "" {
		p.Entries = append(p.Entries, entry{Path: "/lib/upgrade/keep.d/" + p.Name, Mode: 0o644, Content: []byte(lines)})
	}
}

// depends lists what the package needs, each version between open and close.
func (p *pkg) depends(open, close, separator string) string {
	var words []string
	for _, d := range p.Depends {
		word := d.name
		if d.version != "" {
			word += open + d.version + close
		}
		words = append(words, word)
	}
	return strings.Join(words, separator)
}

func (p *pkg) has(name string) bool {
	for _, e := range p.Entries {
		if e.Path == name {
			return true
		}
	}
	return false
}

// conffiles are the packaged files whose edits the package manager keeps.
func (p *pkg) conffiles() []string {
	var list []string
	for _, name := range p.Keep {
		if p.has(name) {
			list = append(list, name)
		}
	}
	return list
}

// finish brings the entries in order and refuses two for one path.
func (p *pkg) finish() error {
	sort.Slice(p.Entries, func(i, j int) bool { return before(p.Entries[i].Path, p.Entries[j].Path) })
	for i := 1; i < len(p.Entries); i++ {
		if p.Entries[i].Path == p.Entries[i-1].Path {
			return fmt.Errorf("%s: %s is packaged twice", p.Name, p.Entries[i].Path)
		}
	}
	return nil
}

// before orders paths as tar's --sort=name walks them: directory by directory.
func before(a, b string) bool {
	return strings.ReplaceAll(a, "/", "\x00") < strings.ReplaceAll(b, "/", "\x00")
}

// withDirectories calls visit for every directory and entry, each directory
// before what lies in it. A directory's name ends in a slash.
func (p *pkg) withDirectories(visit func(dir string, e *entry) error) error {
	seen := map[string]bool{}
	var enter func(dir string) error
	enter = func(dir string) error {
		if seen[dir] {
			return nil
		}
		seen[dir] = true
		if dir != "/" {
			if err := enter(path.Dir(dir)); err != nil {
				return err
			}
		}
		return visit(strings.TrimSuffix(dir, "/")+"/", nil)
	}
	for i := range p.Entries {
		if err := enter(path.Dir(p.Entries[i].Path)); err != nil {
			return err
		}
		if err := visit("", &p.Entries[i]); err != nil {
			return err
		}
	}
	return nil
}
