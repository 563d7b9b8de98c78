// SPDX-License-Identifier: Apache-2.0

package app

import (
	"strings"
	"testing"
)

// Where a login may lead: LuCI's pages on this router and nowhere else.
func TestLocalPage(t *testing.T) {
	t.Parallel()
	for page, ok := range map[string]bool{
		"/cgi-bin/luci":                                 true,
		"/cgi-bin/luci/":                                true,
		"/cgi-bin/luci/admin/network/wireless":          true,
		"/cgi-bin/luci/admin/status?tab=1&x=%2F":        true,
		"":                                              false,
		"/":                                             false,
		"/cgi-bin/luci-sso/logout":                      false,
		"/cgi-bin/lucifer":                              false,
		"//evil.example/cgi-bin/luci":                   false,
		"https://evil.example/cgi-bin/luci":             false,
		"/cgi-bin/luci//evil.example":                   false,
		"/cgi-bin/luci/../../evil":                      false,
		"/cgi-bin/luci/%2e%2e/evil":                     false,
		"/cgi-bin/luci/./admin/logout":                  false,
		"/cgi-bin/luci/admin/./logout":                  false,
		"/cgi-bin/luci/admin/.":                         false,
		"/cgi-bin/luci/admin/logout":                    false,
		"/cgi-bin/luci/;stok=a/admin/logout":            false,
		"/cgi-bin/luci/admin/.hidden?a=/./":             true,
		"/cgi-bin/luci\\..\\evil":                       false,
		"/cgi-bin/luci/a b":                             false,
		"/cgi-bin/luci/\r\nSet-Cookie: a=b":             false,
		"/cgi-bin/luci/#//evil.example":                 false,
		"/cgi-bin/luci/ä":                               false,
		"/cgi-bin/luci/" + strings.Repeat("a", 1<<10):   false,
		"javascript:alert(1)//cgi-bin/luci":             false,
		"/cgi-bin/luci/admin?next=//evil.example/a.b/c": true,
	} {
		want := ""
		if ok {
			want = page
		}
		if got := localPage(page); got != want {
			t.Errorf("localPage(%q) = %q, want %q", page, got, want)
		}
	}
}
