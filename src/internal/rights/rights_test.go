// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/acl"
)

// A router of our own making, in the forms that packages of LuCI have: the
// calls are in one group, what they reach in others.
const router = `{
	"unauthenticated": {"read": {"ubus": {"session": ["access", "login"]}}},
	"base": {
		"read": {"file": {"/": ["list"], "/*": ["list"]}, "ubus": {"uci": ["changes", "get"]}, "uci": ["system"]},
		"write": {"cgi-io": ["upload"], "file": {"/etc/luci-uploads/*": ["write"]}, "ubus": {"uci": ["add", "apply", "confirm", "delete", "order", "rename", "set"]}}
	},
	"looking": {"read": {"ubus": {"file": ["list", "read", "exec"]}, "file": {"/etc/board.json": ["read"], "/bin/dmesg -r": ["exec"]}}},
	"download": {"read": {"cgi-io": ["download"]}},
	"sso": {"read": {"ubus": {"luci-sso": ["status"]}}, "write": {"uci": {"luci-sso": ["read", "write"]}}},
	"legacy": {"read": {"uci": ["*"]}, "write": {"uci": ["*"]}},
	"half": {"read": {"uci": ["luci-[rs]*"]}},
	"web": {"read": {"uci": ["uhttpd"], "file": {"/*": ["read"]}}, "write": {"uci": ["uhttpd"], "file": {"/*": ["write"]}}},
	"flash": {
		"read": {"cgi-io": ["backup", "download"], "file": {"/dev/mtdblock[0-9]*": ["read"], "/proc/mtd": ["read"]}, "ubus": {"file": ["exec", "read"]}},
		"write": {"cgi-io": ["upload"], "file": {"/sbin/sysupgrade --restore-backup /tmp/backup.tar.gz": ["exec"], "/tmp/backup.tar.gz": ["write"]}, "ubus": {"file": ["exec", "write"]}}
	},
	"key": {"read": {"file": {"/etc/luci-sso/*.key": ["*"]}}},
	"shadow": {"read": {"file": {"/etc/sh?dow": ["read"]}}},
	"show": {"read": {"file": {"/sbin/uci show *": ["exec"]}}},
	"cat": {"read": {"file": {"/bin/cat": ["exec"]}}},
	"catone": {"read": {"file": {"/bin/cat /etc/config/*": ["exec"]}}},
	"shell": {"write": {"file": {"/bin/sh": ["exec"]}}},
	"packages": {"read": {"file": {"/usr/libexec/package-manager-call list-installed": ["exec"]}}, "write": {"file": {"/usr/libexec/package-manager-call install *": ["exec"]}}},
	"password": {"write": {"ubus": {"luci": ["setPassword"]}}},
	"startup": {"write": {"file": {"/etc/rc.local": ["write"]}, "ubus": {"file": ["write"]}}},
	"cron": {"write": {"file": {"/etc/crontabs/*": ["write"]}, "ubus": {"file": ["write"]}}},
	"sessions": {"read": {"ubus": {"session": ["*"]}}},
	"upgrade": {"read": {"ubus": {"rpc-sys": ["upgrade_start"]}}, "write": {"cgi-io": ["upload"], "file": {"/tmp/firmware.bin": ["write"]}}},
	"ping": {"read": {"file": {"/bin/ping *": ["exec"]}, "ubus": {"file": ["exec"]}}},
	"dns": {"read": {"uci": ["dhcp"]}, "write": {"uci": ["dhcp"]}},
	"escaped": {"read": {"uci": ["luci\\-sso"]}}
}`

func groups(t *testing.T, text string) []acl.Group {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "router.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	groups, err := acl.ReadGroups(dir)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func TestFor(t *testing.T) {
	t.Parallel()
	all := groups(t, router)
	for name, c := range map[string]struct {
		read, write []string
		want        []string // kind group, sorted.
	}{
		"nothing":                        {nil, nil, nil},
		"pages only":                     {[]string{"base", "looking", "ping"}, nil, nil},
		"everybody's backup":             {[]string{"flash"}, nil, []string{"secret flash"}},
		"all but the backup and the web": {[]string{"base", "looking", "dns"}, nil, nil},
		"uci by a star":                  {[]string{"base", "legacy"}, nil, []string{"secret legacy"}},
		"uci by a pattern":               {[]string{"base", "half"}, nil, []string{"secret half"}},
		"uci without a call":             {[]string{"legacy"}, nil, nil},
		"a backslash is no escape there": {[]string{"base", "escaped"}, nil, nil},
		"files by a star":                {[]string{"looking", "web"}, nil, []string{"secret web"}},
		"files by download":              {[]string{"download", "web"}, nil, []string{"secret web"}},
		"files without a call":           {[]string{"base", "web"}, nil, nil},
		"the key by any function":        {[]string{"looking", "key"}, nil, []string{"secret key"}},
		"passwords":                      {[]string{"looking", "shadow"}, nil, []string{"secret shadow"}},
		"a command that shows":           {[]string{"looking", "show"}, nil, []string{"secret show"}},
		"a command that reads":           {[]string{"looking", "cat"}, nil, []string{"secret cat"}},
		"a command that reads these":     {[]string{"looking", "catone"}, nil, []string{"secret catone"}},
		"a command nobody runs":          {[]string{"cat"}, nil, nil},
		"the settings":                   {nil, []string{"base", "sso"}, []string{"root sso"}},
		"the settings without saving":    {nil, []string{"sso"}, []string{"unsaved base"}},
		"whoever may write may read":     {[]string{"flash"}, []string{"base", "sso"}, []string{"root sso"}},
		"everything by legacy":           {nil, []string{"base", "legacy"}, []string{"root legacy"}},
		"flash":                          {nil, []string{"flash"}, []string{"root flash", "secret flash"}},
		"web":                            {nil, []string{"base", "web"}, []string{"root web"}},
		"web and how to read":            {[]string{"looking"}, []string{"base", "web"}, []string{"root web", "secret web"}},
		"a shell":                        {[]string{"looking"}, []string{"shell"}, []string{"root shell"}},
		"a shell by a web script only":   {nil, []string{"shell"}, nil},
		"packages":                       {[]string{"looking"}, []string{"packages"}, []string{"root packages"}},
		"packages to look at":            {[]string{"looking", "packages"}, nil, nil},
		"root's password":                {nil, []string{"password"}, []string{"root password"}},
		"a start-up script":              {nil, []string{"startup"}, []string{"root startup"}},
		"a table of times":               {nil, []string{"cron"}, []string{"root cron"}},
		"other people's sessions":        {[]string{"sessions"}, nil, []string{"root sessions"}},
		"firmware":                       {nil, []string{"upgrade"}, []string{"root upgrade"}},
		"firmware of others":             {[]string{"upgrade"}, nil, nil},
		"names, unsaved":                 {[]string{"base"}, []string{"dns"}, []string{"unsaved base"}},
		"names, saved":                   {nil, []string{"base", "dns"}, nil},
		"names, patterns":                {nil, []string{"[bd]*s", "base"}, nil},
		"taken out again":                {[]string{"base", "*", "!legacy", "!half", "!web", "!flash", "!key", "!shadow", "!show", "!cat*", "!sessions"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range For(all, c.read, c.write) {
				got = append(got, string(f.Kind)+" "+f.Group)
				if len(f.What) == 0 || strings.Contains(f.Text(), "%s") || !strings.Contains(f.Text(), f.Group) {
					t.Errorf("the finding does not say what: %+v", f)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("read %q, write %q: %q, want %q", c.read, c.write, got, c.want)
			}
		})
	}
}

// Nothing goes by a group's name: with other names the same is found.
func TestForKnowsNoNames(t *testing.T) {
	t.Parallel()
	renamed := strings.NewReplacer(`"flash":`, `"harmless-looking":`, `"sso":`, `"blue":`, `"base":`, `"green":`).Replace(router)
	var got []string
	for _, f := range For(groups(t, renamed), []string{"harmless-looking"}, []string{"blue"}) {
		got = append(got, string(f.Kind)+" "+f.Group)
	}
	if want := []string{"secret harmless-looking", "unsaved green"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
