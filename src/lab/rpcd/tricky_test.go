// SPDX-License-Identifier: Apache-2.0

package rpcd_test

import (
	"os"
	"path/filepath"
	"testing"
)

// trickyConfig has the corners of rpcd's rules for logins.
const trickyConfig = `
config rpcd
	option socket /var/run/ubus/ubus.sock

config login
	option username 'root'
	option password '$p$root'
	list read '*'
	list write '*'

config login 'none' # no password: cannot be signed in to
	option username none
	list read '*'

config login
	option username 'empty'
	option password ''
	list read '*'

config login
	option username plain
	option password "$p$root"
	option read '*'
	option write '*'

config login 'all'
	option username 'all'
	option password '$p$root'
	list read '*'
	list read '! tricky-b*'
	list write ''
	list write 'tricky-?'

config login
	option username not
	option password '$p$root'
	list write '!tricky-a'
	list write '!'
	list write tricky-*

config login
	option username "write"
	option password "\$p\$ro\ot"; list write 'tricky-[a-b]'

config login
	option username class
	option password '$p$root'
	list read 'tricky[[:punct:]][!a]'
	list read 'tricky\-a'
	list read 'unauthenticated'

config login
	option username twice
	option password '$p$nobody'
	list read 'tricky-a'

config login
	option username twice
	option password '$p$root'
	option read 'tricky-a'
	list read 'tricky-b'

config login 'kept'
	option username kept#comment
	option password '$p$root'
	list read tricky-a
	option read ''

config login 'part'
	option username first
	option password '$p$root'

config login 'part'
	option username 'rest'
	list write 'tricky-a'
`

// trickyGroups has the corners of the files in acl.d.
var trickyGroups = map[string]string{
	"tricky-1.json": `{
		"tricky-a": {
			"description": "A", "read": {
				"ubus": {"system": ["board", 1, ["x"], "info"], "uci": "get", "session": []},
				"uci": ["network", 5, "wireless", null],
				"file": {"/etc/*": ["read"], "/etc/?": ["read"], "/etc/*.conf": ["read"]},
				"number": 5
			},
			"write": {"file": {"/etc/*": ["write"]}, "uci": ["network"], "cgi-io": ["upload"]},
			"execute": {"ubus": {"x": ["y"]}}
		},
		"tricky-empty": {"read": {}, "write": []},
		"tricky-word": "word", "tricky-list": ["read"]
	}`,
	"tricky-2.json": `{
		"tricky-b": {"read": {"ubus": {"a": ["one"], "a": ["two"], "": ["nameless"]}}, "read": {"ubus": {"b": ["b"]}}},
		"tricky-a": {"read": {"ubus": {"again": ["*"]}}},
		"unauthenticated": {"read": {"ubus": {"tricky": ["hello"]}}, "write": {"tricky": ["w"]}}
	} and then something`,
	"tricky-3.json":    `{"tricky-c": {"read": {"ubus": {"never": ["never"]}}}`,
	"tricky-4.json":    `["tricky-d"]`,
	".tricky-5.json":   `{"tricky-e": {"read": {"ubus": {"hidden": ["hidden"]}}}}`,
	"tricky-6.json.no": `{"tricky-f": {"read": {"ubus": {"other": ["other"]}}}}`,
	"tricky-7.json":    ``,
}

func writeTricky(t *testing.T, root string) {
	t.Helper()
	write(t, filepath.Join(root, "etc/config/rpcd"), trickyConfig)
	for name, content := range trickyGroups {
		write(t, filepath.Join(root, "usr/share/rpcd/acl.d", name), content)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
