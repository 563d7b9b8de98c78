// SPDX-License-Identifier: Apache-2.0

package acl

import "strings"

// oddFiles are access group files that show a rule each, by file name.
var oddFiles = map[string]string{
	"10-unauthenticated.json": `{"unauthenticated": {"description": "Allow unauthenticated access", "read": {"ubus": {"session": ["access", "login"]}}}}`,
	"20-forms.json": `{
		"forms": {
			"description": "Both forms of a scope",
			"read": {
				"ubus": {"system": ["board", "info", 7, null, ["x"]], "network.*": ["dump"], "wrong": "string", "void": []},
				"uci": ["network", "wireless", 5, {"a": "b"}],
				"file": {"/etc/config/*": ["read", "list"], "/etc/[a-c]*": ["read"], "/etc/?": ["read"]},
				"number": 5,
				"nothing": null
			},
			"write": {"uci": ["network", "network"], "cgi-io": ["upload"]}
		}
	}`,
	"30-more.json": `{"forms": {"read": {"ubus": {"system": ["reboot"]}, "extra": ["x"]}}, "reader": {"read": {"ubus": {"iwinfo": ["*"]}}},
		"writer": {"write": {"ubus": {"rc": ["init"]}}}, "reader-writer": {"read": {"uci": ["r"]}, "write": {"uci": ["w"]}}}`,
	"40-no-scope.json":     `{"no-scope": {"read": {}, "write": {"ubus": {}}}, "null-scope": {"read": {"x": null}}}`,
	"50-odd-groups.json":   `{"string": "read", "array": [{"read": {"ubus": {"a": ["b"]}}}], "number": 5, "perms": {"read": ["ubus"], "write": "all", "execute": {"ubus": {"a": ["b"]}}, "Read": {"ubus": {"a": ["b"]}}}, "": {"read": {"": {"": [""]}}}}`,
	"60-twice.json":        `{"twice": {"read": {"ubus": {"first": ["a"]}}}, "twice": {"read": {"ubus": {"second": ["a"], "second": ["b"]}, "uci": ["x"], "uci": ["y"]}}}`,
	"61-claims.json":       `{"claims": {"read": {"access-group": {"forms": ["write"], "claims": ["read"]}}}}`,
	"70-tolerated.json":    "// a comment\n{ /* another */ 'single': {'read': {'ubus': {'a': ['b',],},},}, \"number\": -1.5e3, \"words\": [True, FALSE, nULL, NaN, -Infinity,], \"control\": \"a\tb\nc\", } and what follows does not matter {",
	"71-escapes.json":      `{"esc\u0061ped \ud83d\ude00 \ud83d x \"\\\/\b\f\n\r\t": {"read": {"ubus": {"nul\u0000cut": ["a\u0000b"]}}}}`,
	"72-bytes.json":        "{\"bytes \xff\xfe\": {\"read\": {\"ubus\": {\"\xe4\": [\"\xe4\"]}}}}",
	"80-deep.json":         `{"deep": {"read": {"ubus": {"a": ["b"]}, "x": [[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}}`,
	"81-too-deep.json":     `{"too-deep": {"read": {"ubus": {"a": ["b"]}, "x": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}}`,
	"90-empty.json":        "",
	"91-broken.json":       `{"broken": {"read": {"ubus": {"a": ["b"]}}}`,
	"92-array.json":        `[{"listed": {"read": {"ubus": {"a": ["b"]}}}}]`,
	"93-comma.json":        `{"comma": {"read": {"ubus": {"a": ["b",,"c"]}}}}`,
	"94-bom.json":          "\xef\xbb\xbf{\"bom\": {\"read\": {\"ubus\": {\"a\": [\"b\"]}}}}",
	"95-escape.json":       `{"bad-escape": {"description": "\x", "read": {"ubus": {"a": ["b"]}}}}`,
	"96-nul.json":          "{\"nul\": {\"read\": {\"ubus\": {\"a\": [\"b\"]}}},\x00}",
	"97-unquoted.json":     `{unquoted: {"read": {"ubus": {"a": ["b"]}}}}`,
	"98-number.json":       `{"bad-number": 1-2, "x": {"read": {"ubus": {"a": ["b"]}}}}`,
	"99-comment-end.json":  `{"comment-end": {"read": {"ubus": {"a": ["b"]}}} /`,
	"a0-comment-open.json": `{"comment-open": {"read": {"ubus": {"a": ["b"]}}}} /* no end`,
	"a1-line-comment.json": `{"line-comment": {"read": {"ubus": {"a": ["b"]}}}} // no newline`,
	"a2-line-ended.json":   "{\"line-ended\": {\"read\": {\"ubus\": {\"a\": [\"b\"]}}}} // newline\n",
	"a3-slash.json":        `{"slash": {"read": {"ubus": {"a": ["b"]}}}} /`,
	"a4-slash-more.json":   `{"slash-more": {"read": {"ubus": {"a": ["b"]}}}} /x`,
	"a5-form-feed.json":    "{\"form-feed\": {\"read\": \f{\"ubus\": {\"a\": [\"b\"]}}}}",
	"a6-tab.json":          "{\"vertical-tab\": {\"read\":\v {\"ubus\": {\"a\": [\"b\"]}}}}",
	"a7-feed-after.json":   "{\"feed-after\": {\"read\": {\"ubus\": {\"a\": [\"b\"]}}}}\f",
	"a8-long-group.json":   `{"` + strings.Repeat("x", 70000) + `": {"read": {"ubus": {"long": ["b"]}}}, "beside-long": {"read": {"ubus": {"a": ["b"]}}}}`,
	"a9-long-object.json":  `{"long-object": {"read": {"ubus": {"` + strings.Repeat("y", 70000) + `": ["b"], "kept": ["c"]}, "uci": ["u"]}}}`,
	"b0-long-scope.json":   `{"long-scope": {"read": {"` + strings.Repeat("z", 65536) + `": {"a": ["b"]}, "uci": ["u"]}}}`,
	"b1-comment-in.json":   `{"comment-in": {"read": {"ubus": {"a": ["b"]}}} /* in */ } /* after */`,
	".hidden.json":         `{"hidden": {"read": {"ubus": {"a": ["b"]}}}}`,
	"not-json.txt":         `{"text": {"read": {"ubus": {"a": ["b"]}}}}`,
}

// lists are lists of roles over these groups and LuCI's.
var lists = []struct{ read, write []string }{
	{},
	{read: []string{"*"}},
	{read: []string{"*"}, write: []string{"*"}},
	{write: []string{"*"}},
	{read: []string{"unauthenticated"}},
	{read: []string{"forms"}},
	{write: []string{"forms"}},
	{read: []string{"reader", "writer", "reader-writer"}},
	{write: []string{"reader", "writer", "reader-writer"}},
	{read: []string{"read*"}, write: []string{"writ*"}},
	{read: []string{"reader*", "!reader-*"}},
	{read: []string{"!reader-*", "reader*"}},
	{read: []string{"!  forms", "*"}},
	{read: []string{"!\tforms"}, write: []string{"forms"}},
	{read: []string{"!", "! ", "", "forms"}},
	{read: []string{"*"}, write: []string{"*", "!forms"}},
	{read: []string{"!*"}, write: []string{"forms"}},
	{read: []string{"!unauthenticated"}},
	{read: []string{"!unauth*", "*"}},
	{read: []string{" forms"}, write: []string{"forms "}},
	{read: []string{"Forms", "FORMS"}},
	{read: []string{"[fr]*", "!*er"}},
	{read: []string{"[!fr]*"}},
	{read: []string{"[[:alpha:]]*"}},
	{read: []string{"??????"}},
	{read: []string{`f\orms`, `\!forms`}},
	{read: []string{"no-scope", "null-scope", "perms", "string", "array"}, write: []string{"no-scope", "perms"}},
	{read: []string{"twice", "claims"}},
	{read: []string{"single", "deep", "too-deep", "broken", "listed", "comma", "bom"}},
	{read: []string{"esc*", "bytes*", "bad-*", "nul", "x"}},
	{read: []string{"luci-*"}, write: []string{"luci-base"}},
	{read: []string{"luci-mod-*", "luci-base*", "!luci-mod-network*"}, write: []string{"luci-mod-system*", "!*-flash"}},
	{read: []string{"luci-access"}, write: []string{"!luci-base", "luci-*"}},
}
