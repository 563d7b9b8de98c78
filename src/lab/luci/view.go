// SPDX-License-Identifier: Apache-2.0

package luci

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/uci"
)

// entry is a page of a package: a line of the menu and, if the session has the
// right, what its address shows.
type entry struct {
	Path     string // "admin/services/name"
	Title    string
	View     string // "name/settings"
	ReadOnly bool
}

// node is an entry of a file in /usr/share/luci/menu.d, as far as a page that
// is a view needs it.
type node struct {
	Title  string `json:"title"`
	Action struct {
		Type string `json:"type"`
		Path string `json:"path"`
	} `json:"action"`
	Depends struct {
		ACL []string `json:"acl"`
	} `json:"depends"`
}

// menu lists the pages a session may see.
func (h *Handler) menu(s *session) (entries []entry) {
	files, err := filepath.Glob(filepath.Join(h.Root, "usr/share/luci/menu.d/*.json"))
	if err != nil {
		return nil
	}
	groups, _ := s.access["access-group"].(ubus.Table)
	for _, file := range files {
		var nodes map[string]node
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &nodes) != nil {
			continue
		}
		for path, n := range nodes {
			if n.Action.Type != "view" {
				continue
			}
			read, write := permission(groups, n.Depends.ACL)
			if read || write {
				entries = append(entries, entry{Path: path, Title: n.Title, View: n.Action.Path, ReadOnly: !write})
			}
		}
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Path < entries[j].Path })
	return entries
}

// permission is LuCI's rule: a page is there when one of its access groups may
// at least be read, and is read-only unless one may be written.
func permission(groups ubus.Table, names []string) (read, write bool) {
	for _, name := range names {
		granted, _ := groups[name].([]any)
		for _, right := range granted {
			read = read || right == "read"
			write = write || right == "write"
		}
	}
	return read, write
}

func (h *Handler) find(s *session, path string) (entry, bool) {
	for _, e := range h.menu(s) {
		if e.Path == path {
			return e, true
		}
	}
	return entry{}, false
}

// view is the frame of a page: LuCI's script does the rest, from what the
// router tells it here.
func (h *Handler) view(w http.ResponseWriter, r *http.Request, s *session, e entry) {
	path := strings.Split(e.Path, "/")
	h.render(w, http.StatusOK, "view", map[string]any{
		"Title": e.Title, "Logout": Base + "/admin/logout", "Menu": h.menu(s), "Language": h.language(), "Page": strings.Join(path, "-"),
		"Env": map[string]any{
			"resource": "/luci-static/resources", "scriptname": Base, "pathinfo": "/" + e.Path,
			"requestpath": path, "dispatchpath": path, "view": e.View, "language": h.language(),
			"ubuspath": "/ubus/", "sessionid": s.id, "token": s.text("token"), "pollinterval": 5,
			"nodespec": map[string]any{"title": e.Title, "readonly": e.ReadOnly},
		},
	})
}

// language is luci.main.lang; "auto" is taken for English, whatever the
// browser would like.
func (h *Handler) language() string {
	if pkg, err := uci.Load(filepath.Join(h.Root, "etc/config/luci")); err == nil {
		if section, ok := pkg.Lookup("main"); ok {
			if language, ok := section.Get("lang"); ok && language != "auto" {
				return language
			}
		}
	}
	return "en"
}
