// SPDX-License-Identifier: Apache-2.0

// Package paths owns where things lie on a router. Every path the program
// opens is named here and nowhere else; nothing from the environment or a
// request ever becomes part of one.
//
// A build for the lab or a test sets root through the linker
// (-X luci-sso/internal/paths.root=…). The shipped binary leaves it empty.
package paths

import (
	"os"
	"path/filepath"
)

// BesideExecutable, as the linked-in root, means that the root is the
// directory three levels above the running program, which then lies at
// <root>/www/cgi-bin/luci-sso. One build serves any number of test routers.
const BesideExecutable = "@executable"

// root is prefixed to every path. Only the linker sets it.
var root string

func init() {
	if root != BesideExecutable {
		return
	}
	exe, err := os.Executable()
	if err != nil {
		// A test build that cannot find itself must not fall back to the
		// real router's files.
		root = "/nonexistent"
		return
	}
	root = filepath.Dir(filepath.Dir(filepath.Dir(exe)))
}

// Root is the prefix of every path: "" on a router.
func Root() string { return root }

// At puts an absolute path below the root.
func At(path string) string { return root + path }

// UCI configuration files.
func Config() string       { return At("/etc/config/luci-sso") }
func RPCDConfig() string   { return At("/etc/config/rpcd") }
func LuCIConfig() string   { return At("/etc/config/luci") }
func UhttpdConfig() string { return At("/etc/config/uhttpd") }
func SystemConfig() string { return At("/etc/config/system") }
func Crontab() string      { return At("/etc/crontabs/root") }
func CronEnabled() string  { return At("/etc/rc.d/S50cron") }
func DHCPConfig() string   { return At("/etc/config/dhcp") }

// Files the program owns. RunDir is on tmpfs and gone after a reboot;
// the keys survive it.
func SecretKey() string   { return At("/etc/luci-sso/secret.key") }
func ClientKey() string   { return At("/etc/luci-sso/client.key") }
func NextKey() string     { return At("/etc/luci-sso/client-next.key") }
func RunDir() string      { return At("/var/run/luci-sso") }
func RPCDTold() string    { return At("/var/run/luci-sso/rpcd-told") }
func Handshakes() string  { return At("/var/run/luci-sso/handshakes") }
func Tokens() string      { return At("/var/run/luci-sso/tokens") }
func Sessions() string    { return At("/var/run/luci-sso/sessions") }
func Cache() string       { return At("/var/run/luci-sso/cache") }
func RateLimit() string   { return At("/var/run/luci-sso/ratelimit") }
func LogoutLimit() string { return At("/var/run/luci-sso/ratelimit-logout") }
func Events() string      { return At("/var/run/luci-sso/events") }
func TestLock() string    { return At("/var/run/luci-sso/test.lock") }
func Trials() string      { return At("/var/run/luci-sso/trials") }

// What OpenWrt provides.
func UbusSocket() string   { return At("/var/run/ubus/ubus.sock") }
func SyslogSocket() string { return At("/dev/log") }
func AccessGroups() string { return At("/usr/share/rpcd/acl.d") }
func CertDir() string      { return At("/etc/ssl/certs") }
func CertBundle() string   { return At("/etc/ssl/certs/ca-certificates.crt") }
func Translations() string { return At("/usr/lib/lua/luci/i18n") }

// LuCI's login page: the templates' directories, of ucode and of the older
// Lua kind, and the script of ours that they load.
func LoginTemplates() string    { return At("/usr/share/ucode/luci/template") }
func LuaLoginTemplates() string { return At("/usr/lib/lua/luci/view") }
func LoginScript() string       { return At("/www/luci-static/resources/luci-sso/login.js") }
