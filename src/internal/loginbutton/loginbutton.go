// SPDX-License-Identifier: Apache-2.0

// Package loginbutton owns one line in every login template of LuCI: the
// script tag that brings the "Login with SSO" button. It puts the line in,
// takes it out and says where it is. Every other byte of a template belongs to
// LuCI or the theme and stays as it is, and so do the file's mode and owner.
//
// LuCI offers no hook there, so the tag follows the first include of the page
// header, where the output is inside the body. Templates are replaced by
// renaming: a reader sees the old or the new file, never half of one.
package loginbutton

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"luci-sso/internal/paths"
	"luci-sso/internal/store"
)

// scriptURL is how a browser asks for the script; a line that contains it is
// ours.
const scriptURL = "/luci-static/resources/luci-sso/login.js"

// lockWait bounds the wait for another process, which fsyncs each template.
const lockWait = 10 * time.Second

// maxTemplate bounds what is read of a template. LuCI's own have 3 KB.
const maxTemplate = 256 << 10

// State says how the tag stands in a template.
type State string

const (
	Present State = "present" // Exactly once, where it belongs.
	Missing State = "missing" // Not at all.
	Stale   State = "stale"   // There, but of another version, doubled or elsewhere.
	NoPlace State = "noplace" // The template has no place we know; nothing is done to it.
)

// Site says where the templates and the script lie.
type Site struct {
	Templates    string // Directory of LuCI's ucode templates.
	LuaTemplates string // Directory of the older Lua kind, which need not exist.
	Script       string // The script the tag loads.
}

// OnRouter is where they lie on a router.
func OnRouter() Site {
	return Site{paths.LoginTemplates(), paths.LuaLoginTemplates(), paths.LoginScript()}
}

// Template is a login template of an installed theme, or LuCI's own.
type Template struct {
	Path  string // The file itself, symbolic links resolved.
	State State
}

// Status reports every login template, in the order of their paths. The error
// tells which of them could not be read; the others are there all the same.
func (s Site) Status() ([]Template, error) {
	var found []Template
	var errs []error

	tag, err := s.currentTag()
	if err != nil {
		errs = append(errs, err)
	}
	for _, path := range s.templates() {
		text, err := read(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found = append(found, Template{path, state(text, tag)})
	}
	return found, errors.Join(errs...)
}

// Install puts the tag into every template that lacks it, or has it
// differently, and returns the files it has written. One that fails does not
// keep the others from theirs.
func (s Site) Install() (changed []string, err error) {
	tag, err := s.currentTag()
	if err != nil {
		return nil, err
	}
	return s.rewrite(func(text []byte) []byte {
		if with, ok := insert(strip(text), tag); ok {
			return with
		}
		return text
	})
}

// Remove takes the tag out of every template and returns the files it has
// written.
func (s Site) Remove() (changed []string, err error) {
	return s.rewrite(strip)
}

func (s Site) rewrite(edit func([]byte) []byte) (changed []string, err error) {
	unlock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var errs []error
	dirs := map[string]bool{}

	for _, path := range s.templates() {
		if dir := filepath.Dir(path); !dirs[dir] {
			dirs[dir] = true
			reap(dir)
		}
		text, err := read(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		edited := edit(text)
		if bytes.Equal(edited, text) {
			continue
		}
		if err := replace(path, edited); err != nil {
			errs = append(errs, err)
			continue
		}
		changed = append(changed, path)
	}
	return changed, errors.Join(errs...)
}

// lock keeps install and remove, the boot's and the daily run's, apart: what
// one reads must not be what the other is about to replace.
func (s Site) lock() (unlock func(), err error) {
	for _, dir := range []string{s.Templates, s.LuaTemplates} {
		unlock, err = store.LockDir(dir, lockWait)
		if !errors.Is(err, os.ErrNotExist) {
			return unlock, err
		}
	}
	return func() {}, nil // There is no template either.
}

// reap removes what killed processes left: ours, and that of the versions up
// to 0.1.0, which had one name for all.
func reap(dir string) {
	_, _ = store.ReapTemp(dir, time.Now())
	_ = os.Remove(filepath.Join(dir, ".luci-sso.tmp"))
}

// templates finds LuCI's login template and every theme's, ucode and Lua.
// Variants of a theme are links to it, hence each file once.
func (s Site) templates() []string {
	seen := map[string]bool{}
	var list []string

	for _, pattern := range []string{
		s.Templates + "/sysauth.ut",
		s.Templates + "/themes/*/sysauth.ut",
		s.LuaTemplates + "/sysauth.htm",
		s.LuaTemplates + "/themes/*/sysauth.htm",
	} {
		matches, _ := filepath.Glob(pattern)
		for _, match := range matches {
			file, err := filepath.EvalSymlinks(match)
			if err == nil && !seen[file] {
				seen[file] = true
				list = append(list, file)
			}
		}
	}
	sort.Strings(list)
	return list
}

// currentTag is the line of today's script. Its version is the script's
// content, so that no browser keeps an old one after an upgrade.
func (s Site) currentTag() (string, error) {
	script, err := os.ReadFile(s.Script)
	if err != nil {
		return "", fmt.Errorf("the login page's script is not installed: %w", err)
	}
	sum := sha256.Sum256(script)
	return `<script src="` + scriptURL + "?v=" + hex.EncodeToString(sum[:4]) + `"></script>` + "\n", nil
}

func state(text []byte, tag string) State {
	bare := strip(text)
	with, ok := insert(bare, tag)
	switch {
	case !ok:
		return NoPlace
	case bytes.Equal(bare, text):
		return Missing
	case bytes.Equal(with, text):
		return Present
	default:
		return Stale
	}
}

// strip returns text without our lines.
func strip(text []byte) []byte {
	if !bytes.Contains(text, []byte(scriptURL)) {
		return text
	}
	kept := make([]byte, 0, len(text))
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		if !bytes.Contains(line, []byte(scriptURL)) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// insert returns text with the tag after the line that ends the first include
// of a header, or, in a template that is a whole page, before the line that
// closes its head.
func insert(text []byte, tag string) ([]byte, bool) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	end := []byte(nil)

	for i, line := range lines {
		if end == nil {
			end = headerInclude(line)
		}
		if end != nil && bytes.Contains(line, end) {
			if !bytes.HasSuffix(line, []byte("\n")) {
				return nil, false // Nothing follows: no login form either.
			}
			return join(lines[:i+1], tag, lines[i+1:]), true
		}
	}
	for i, line := range lines {
		if bytes.Contains(line, []byte("</head>")) {
			return join(lines[:i], tag, lines[i:]), true
		}
	}
	return nil, false
}

// headerInclude returns what ends the block that starts on the line with an
// include of a header, nil if none does: ucode's {% include('header') %} with
// any argument, or Lua's <%+header%>.
func headerInclude(line []byte) []byte {
	if at := bytes.Index(line, []byte("include(")); at >= 0 && bytes.Contains(line[at:], []byte("header")) {
		return []byte("%}")
	}
	if at := bytes.Index(line, []byte("<%+")); at >= 0 && bytes.Contains(line[at:], []byte("header")) {
		return []byte("%>")
	}
	return nil
}

func join(before [][]byte, tag string, after [][]byte) []byte {
	joined := bytes.Join(before, nil)
	joined = append(joined, tag...)
	return append(joined, bytes.Join(after, nil)...)
}

func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()

	text, err := io.ReadAll(io.LimitReader(file, maxTemplate+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxTemplate {
		return nil, fmt.Errorf("%s: larger than %d bytes, which no login template is; left alone", path, maxTemplate)
	}
	return text, nil
}

// replace puts text in the place of path, with its mode and owner. A power cut
// leaves the old file or the new: an empty template is a LuCI that nobody can
// log in to.
func replace(path string, text []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return store.ReplaceFileDurably(path, text, info, nil)
}
