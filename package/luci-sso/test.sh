#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# For OpenWrt's CI, which installs the package in a root and calls this with its
# name and version (without the release). The CI's own look at programs leaves
# links out, and here all but one are.
case "$1" in
luci-sso)
	luci-sso version | grep -F "$2" || exit
	/usr/libexec/rpcd/luci-sso list | grep -q '"status"' || exit
	GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET HTTPS=on SERVER_PROTOCOL=HTTP/1.1 HTTP_HOST=localhost \
		QUERY_STRING=action=enabled /www/cgi-bin/luci-sso | grep '"enabled": *false'
	;;
esac
