# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# Stand-in for OpenWrt's /lib/functions.sh: what its package scripts do.
#
# shellcheck disable=SC2013  # no path here has a blank

# Sets name and list: opkg calls with the script's name, apk's scripts say
# the package's in a variable.
package() {
	name="${pkgname:-$(basename "${1%.*}")}"
	list="/usr/lib/opkg/info/$name.list"
	[ ! -f "/lib/apk/packages/$name.list" ] || list="/lib/apk/packages/$name.list"
}

add_group_and_user() { :; }

default_postinst() {
	local name list script
	package "$1"

	[ -z "$IPKG_INSTROOT" ] || return 0

	for script in $(grep '^/etc/uci-defaults/' "$list"); do
		# shellcheck disable=SC1090
		( [ -f "$script" ] && cd "$(dirname "$script")" && . "$script" ) && rm -f "$script"
	done
	rm -f /tmp/luci-indexcache.*
	if [ -f "/usr/lib/opkg/info/$name.postinst-pkg" ]; then
		# shellcheck disable=SC1090
		( . "/usr/lib/opkg/info/$name.postinst-pkg" )
	fi
	for script in $(grep '^/etc/init.d/' "$list"); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" enable
		"$script" start
	done
}

default_prerm() {
	local name list script
	package "$1"

	if [ -f "/usr/lib/opkg/info/$name.prerm-pkg" ]; then
		# shellcheck disable=SC1090
		( . "/usr/lib/opkg/info/$name.prerm-pkg" )
	fi
	for script in $(grep '^/etc/init.d/' "$list"); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" disable
		"$script" stop
	done
}
