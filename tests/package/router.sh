# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# What inside.sh asks of the router it runs in, and does to it: expectations,
# files, packages, rpcd's sessions and LuCI's answers.
# Nothing happens before it is asked.

rpcd=/etc/config/rpcd
config=/etc/config/luci-sso

ok() { echo "ok $*"; }
bad() { echo "FAIL $*"; }

# expect WHAT COMMAND...: the command succeeds.
expect() {
	local what="$1"
	shift
	if "$@" > /tmp/t/out 2>&1; then ok "$what"; else bad "$what"; sed 's/^/     /' /tmp/t/out; fi
}

# equal WHAT WANT GOT
equal() {
	if [ "$2" = "$3" ]; then ok "$1"; else bad "$1"; printf '     want: %s\n     got:  %s\n' "$2" "$3"; fi
}

absent() { [ ! -e "$1" ] && [ ! -L "$1" ]; }

# The version the page has of itself.
page_version() { sed -n "s/^const PAGE = '\(.*\)';$/\1/p" /www/luci-static/resources/luci-sso/version.js; }

# Every file and link with its content, mode and owner, but for what lives in
# memory on a router and the package manager's own notes.
snapshot() {
	find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /usr/lib/opkg \) -prune -o \
		-type f -exec stat -c '%A %u:%g %n' {} + -o -type l -exec stat -c '%A %N' {} + | sort -k 3
	find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /usr/lib/opkg \) -prune -o \
		-type f -exec md5sum {} + | sort -k 2
}

# What of the manifest is not as it says. One-time scripts are gone by now.
wrong_files() {
	local package mode path
	while read -r package mode path _; do
		case "$package $path" in
		*' /etc/uci-defaults/'*) ;;
		'luci-sso '* | 'luci-app-sso '* | 'luci-i18n-sso-de '*)
			if [ "$mode" = link ]; then
				[ -L "$path" ] || echo "no link $path"
			elif [ "$(stat -c 0%a "$path" 2>&1)" != "$mode" ]; then
				echo "$path is not there with mode $mode"
			fi
			;;
		esac
	done < /tmp/t/manifest
}

# Anything of ours, as a file, link or directory.
ours() {
	find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /usr/lib/opkg \) -prune -o \
		\( -name '*luci[-_]*sso*' -o -name 'sso.*.lmo' \) -print
}

count() { grep -c "$1" "$2" 2>/dev/null; }

# The lines of a section of rpcd's configuration, quotes removed.
entry() {
	awk -v name="'$1'" '$1 == "config" { inside = ($3 == name); next } inside && NF { print $1, $2, $3 }' "$rpcd" |
		tr -d "'" | sort | tr '\n' ';'
}

entries() { sed -n "s/^config login '\(luci_sso_.*\)'/\1/p" "$rpcd" | sort | tr '\n' ' '; }

# roles: writes the configuration with the sections on standard input.
roles() {
	{ printf "config oidc 'default'\n\toption enabled '0'\n\n"; cat; } > $config
	chmod 600 $config
}

install() { opkg install "$@" > /tmp/t/opkg 2>&1 || { bad "opkg install $*"; cat /tmp/t/opkg; }; }
remove() { opkg remove "$@" > /tmp/t/opkg 2>&1 || { bad "opkg remove $*"; cat /tmp/t/opkg; }; }

# OpenWrt's busybox may know whole seconds only.
nap() { sleep 0.1 2>/dev/null || sleep 1; }

wait_for() {
	local n=0
	until "$@" > /dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 100 ] || { bad "waited in vain: $*"; return 1; }
		nap
	done
}

# The process procd keeps; the ones it forks for plugins come and go.
rpcd_pid() { ubus call service list '{"name":"rpcd"}' | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }

# session USER: a session as a login makes one; its rights are what rpcd
# gives that user when it reloads. It may be reloading just now.
session() {
	local id n=0
	while [ $n -lt 50 ]; do
		id="$(ubus call session create '{"timeout":3600}' 2>/dev/null | sed -n 's/.*"ubus_rpc_session": "\([0-9a-f]*\)".*/\1/p')"
		if [ -n "$id" ] && ubus call session set "{\"ubus_rpc_session\":\"$id\",\"values\":{\"username\":\"$1\",\"token\":\"0123456789abcdef0123456789abcdef\"${2:+,\"luci_sso_role\":\"$2\"}}}" 2>/dev/null; then
			echo "$id"
			return
		fi
		n=$((n + 1))
		nap
	done
}

may() { # may SESSION GROUP FUNCTION: prints true or false
	ubus call session access "{\"ubus_rpc_session\":\"$1\",\"scope\":\"access-group\",\"object\":\"$2\",\"function\":\"$3\"}" 2>/dev/null |
		sed -n 's/.*"access": \([a-z]*\).*/\1/p'
}

may_is() { [ "$(may "$2" "$3" "$4")" = "$1" ]; }

# settle COMMAND...: gives what was set in motion ten seconds to get there.
# What was reached is for the expectation after it to say.
settle() {
	local n=0
	until "$@" || [ $n -ge 100 ]; do
		n=$((n + 1))
		nap
	done
}

alive() { wait_for ubus list session && ubus call session get "{\"ubus_rpc_session\":\"$1\"}"; }

ended() { ! ubus call session get "{\"ubus_rpc_session\":\"$1\"}" > /dev/null 2>&1; }

# get PATH SESSION: LuCI's answer to a browser with that session.
get() {
	env -i PATH="$PATH" GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET SERVER_PROTOCOL=HTTP/1.1 HTTPS=on \
		SCRIPT_NAME=/cgi-bin/luci PATH_INFO="$1" REQUEST_URI="/cgi-bin/luci$1" QUERY_STRING= \
		HTTP_HOST=router.test HTTP_COOKIE="sysauth_https=$2" REMOTE_ADDR=127.0.0.1 /www/cgi-bin/luci 2>&1 | tr -d '\r'
}

location() { sed -n 's/^[Ll]ocation: //p'; }
