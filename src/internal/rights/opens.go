// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"strings"

	"luci-sso/internal/acl"
)

// secretFiles hold the client secret, the key of this program, or the hashes
// of passwords; the second half is the same by other names.
var secretFiles = []string{
	"/etc/config/luci-sso", "/etc/luci-sso/secret.key", "/etc/shadow", "/etc/config/rpcd",
	"/overlay/upper/etc/config/luci-sso", "/overlay/upper/etc/luci-sso/secret.key", "/overlay/upper/etc/shadow",
	"/proc/1/root/etc/config/luci-sso", "/proc/1/root/etc/shadow",
	"/tmp/.uci/luci-sso", "/tmp/backup.tar.gz",
	"/dev/mem", "/dev/mtd0", "/dev/mtdblock0", "/dev/mtdblock5", "/dev/ubi0_1", "/dev/mmcblk0p2", "/dev/sda2", "/dev/nvme0n1p2", "/dev/loop0",
}

// readers print a file that they are told to.
var readers = []string{"/bin/cat", "/usr/bin/head", "/usr/bin/tail", "/bin/grep", "/usr/bin/less", "/bin/more", "/usr/bin/hexdump", "/usr/bin/sort", "/usr/bin/strings", "/usr/bin/base64"}

// secretCommands print a secret and take no file.
var secretCommands = []string{
	"/sbin/uci show", "/sbin/uci show luci-sso", "/sbin/uci export", "/sbin/uci export luci-sso", "/sbin/uci get luci-sso.default.client_secret",
	"/sbin/uci -q get luci-sso.default.client_secret", "/sbin/sysupgrade --create-backup -", "/sbin/sysupgrade -b -",
}

// secrets are the rights of a part that read a secret.
func (r role) secrets(part *acl.Part) []string {
	var what []string
	if r.readsUCI() && part.Allow("uci", settings, "read") {
		what = append(what, "uci "+settings)
	}
	if part.Allow("cgi-io", "backup", "read") {
		what = append(what, "cgi-io backup")
	}
	if r.readsFiles() {
		for _, file := range secretFiles {
			if part.Allow("file", file, "read") {
				what = append(what, "file "+file)
			}
		}
	}
	if !r.runsPrograms() {
		return what
	}
	for _, command := range secretCommands {
		if part.Allow("file", command, "exec") {
			what = append(what, "exec "+command)
		}
	}
	for _, reader := range readers {
		if part.Allow("file", reader, "exec") {
			what = append(what, "exec "+reader)
			continue
		}
		for _, file := range secretFiles {
			if command := reader + " " + file; part.Allow("file", command, "exec") {
				what = append(what, "exec "+command)
			}
		}
	}
	return what
}

// rootConfigs decide who gets in, or name programs that are run as root:
// the interpreters of the web server, the scripts of connections, the
// firewall's includes, hooks and commands.
var rootConfigs = []string{
	settings, "rpcd", "uhttpd", "network", "firewall", "acme", "ddns", "dockerd", "openvpn", "ttyd", "watchcat",
}

// rootCalls let their caller take over the router, or somebody's session.
var rootCalls = [][2]string{
	{"luci", "setPassword"}, {"rpc-sys", "password_set"}, {"rpc-sys", "upgrade_start"}, {"system", "sysupgrade"},
	{"service", "set"}, {"service", "add"}, {"session", "list"}, {"session", "create"}, {"session", "grant"}, {"session", "set"},
}

// rootFiles and the folders of rootFolders are run, or believed, by root.
var rootFiles = []string{
	"/etc/config/luci-sso", "/etc/config/rpcd", "/etc/config/uhttpd", "/etc/config/network", "/etc/config/firewall",
	"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/rc.local", "/etc/rc.button", "/etc/inittab", "/etc/profile", "/etc/preinit",
	"/etc/dropbear/authorized_keys", "/root/.ssh/authorized_keys", "/etc/luci-sso/secret.key", "/etc/opkg.conf", "/etc/firewall.user",
	"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug",
}

var rootFolders = []string{
	"/etc/init.d/", "/etc/rc.d/", "/etc/rc.button/", "/etc/crontabs/", "/etc/hotplug.d/", "/etc/uci-defaults/", "/etc/profile.d/", "/etc/modules.d/",
	"/etc/dropbear/", "/etc/opkg/", "/etc/apk/", "/etc/ppp/", "/bin/", "/sbin/", "/lib/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/libexec/",
	"/usr/share/rpcd/", "/usr/share/ucode/", "/usr/share/luci/", "/www/", "/overlay/", "/root/", "/dev/", "/proc/1/",
}

// rootPrograms do what their arguments say, and one of these leads to root.
var rootPrograms = []string{
	"/bin/sh", "/bin/ash", "/bin/bash", "/bin/busybox", "/usr/bin/env", "/usr/bin/awk", "/bin/sed", "/usr/bin/find", "/usr/bin/xargs", "/usr/bin/tee", "/bin/vi",
	"/bin/cp", "/bin/mv", "/bin/ln", "/bin/dd", "/bin/chmod", "/bin/chown", "/bin/tar", "/bin/mount", "/bin/login", "/usr/bin/passwd", "/usr/bin/wget",
	"/usr/bin/curl", "/bin/uclient-fetch", "/usr/bin/lua", "/usr/bin/ucode", "/usr/bin/python3", "/usr/bin/perl", "/sbin/uci", "/bin/ubus",
	"/sbin/start-stop-daemon", "/usr/bin/crontab", "/sbin/insmod", "/sbin/modprobe", "/usr/sbin/chroot", "/usr/bin/opkg", "/bin/opkg", "/usr/bin/apk",
	"/sbin/mtd", "/usr/sbin/pppd", "/usr/sbin/dnsmasq", "/usr/sbin/tcpdump", "/usr/bin/openssl", "/usr/bin/ssh", "/usr/bin/rsync", "/usr/bin/socat",
	"/sbin/sysupgrade", "/usr/libexec/package-manager-call", "/usr/libexec/opkg-call",
}

// installers put something new on the router even with arguments that are
// laid down: whoever chose the file or the source has chosen the program.
var installers = []string{"/sbin/sysupgrade", "/usr/libexec/package-manager-call", "/usr/libexec/opkg-call", "/bin/opkg", "/usr/bin/opkg", "/usr/bin/apk", "/sbin/mtd"}

// roots are the rights of a part that lead to root.
func (r role) roots(part *acl.Part) []string {
	var what []string
	if r.writesUCI() {
		for _, config := range rootConfigs {
			if part.Allow("uci", config, "write") {
				what = append(what, "uci "+config)
			}
		}
	}
	for _, call := range rootCalls {
		if part.Allow("ubus", call[0], call[1]) && (call[1] != "upgrade_start" || r.putsFirmware()) {
			what = append(what, "ubus "+call[0]+" "+call[1])
		}
	}
	writes, runs := r.writesFiles(), r.runsPrograms()
	for i := range part.Grants {
		g := &part.Grants[i]
		if writes && g.Permits("file", "write") && reachesRoot(g) {
			what = append(what, "file "+g.Object)
		}
		if runs && g.Permits("file", "exec") && commandsRoot(g) {
			what = append(what, "exec "+g.Object)
		}
	}
	return what
}

func (r role) putsFirmware() bool {
	return r.writesFiles() && r.may("file", "/tmp/firmware.bin", "write")
}

// reachesRoot says whether what may be written has something of root's in it.
func reachesRoot(g *acl.Grant) bool {
	for _, file := range rootFiles {
		if g.Allow("file", file, "write") {
			return true
		}
	}
	fixed := literal(g.Object)
	for _, folder := range rootFolders {
		if strings.HasPrefix(fixed, folder) || g.Allow("file", folder+"x", "write") {
			return true
		}
	}
	return false
}

// commandsRoot says whether what may be run can be told to do anything. The
// right to a program by its name alone leaves the arguments free.
func commandsRoot(g *acl.Grant) bool {
	for _, program := range rootPrograms {
		// With a star behind it, or one that covers it, so are they.
		if g.Allow("file", program, "exec") || g.Allow("file", program+" /tmp/x", "exec") {
			return true
		}
	}
	program, arguments, _ := strings.Cut(g.Object, " ")
	for _, installer := range installers {
		if program == installer && !harmless(arguments) {
			return true
		}
	}
	return strings.HasPrefix(g.Object, "/tmp/") || strings.HasPrefix(g.Object, "/etc/luci-uploads/")
}

// harmless are the arguments with which installers only look or remove.
func harmless(arguments string) bool {
	for _, verb := range []string{"list-", "list", "--list-backup", "--test", "--help", "info", "remove", "del", "--create-backup", "-b", "-T", "-l"} {
		if strings.HasPrefix(arguments, verb) {
			return true
		}
	}
	return false
}

// literal is the part of a pattern before its first wildcard.
func literal(pattern string) string {
	if i := strings.IndexAny(pattern, "*?["); i >= 0 {
		return pattern[:i]
	}
	return pattern
}
