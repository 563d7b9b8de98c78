#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A stand-in for the rpcd plugin: it answers every method with what the test
# has put into DIR, and keeps what it was asked.
DIR=${0%/*}/../../../tmp/luci-sso-standin

case "$1" in
list)
	echo '{"status":{},"settings":{},"access_groups":{},"sessions":{},"events":{},"match":{"email":"","groups":[],"sub":"","roles":[]},"rights":{"roles":[]},"explain":{"code":""},"test_connection":{"values":{},"host":""},"end_session":{"id":""},"client_key":{"change":""},"try_login":{"values":{},"host":"","roles":[],"provider":""},"try_result":{"id":""}}'
	;;
call)
	cat > "$DIR/$2.request"
	if [ -f "$DIR/$2.json" ]; then
		cat "$DIR/$2.json"
	else
		echo '{}'
	fi
	;;
esac
