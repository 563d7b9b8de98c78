#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# Runs inside a router's root, as the first process of a namespace of its own:
# what it starts ends with it. Installs, upgrades and removes the packages and
# says of each expectation `ok` or `FAIL`. $1 is "real" where OpenWrt's own
# programs are there, "stand-in" where ours take their place.

kind=$1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

backend=/tmp/t/luci-sso.ipk
page=/tmp/t/luci-app-sso.ipk
language=/tmp/t/luci-i18n-sso-de.ipk
newer=/tmp/t/newer
[ -f $language ] || language=

base=/usr/share/ucode/luci/template/sysauth.ut
themed=/usr/share/ucode/luci/template/themes/bootstrap/sysauth.ut

# shellcheck source=tests/package/router.sh
. "${0%/*}/router.sh"

# --- OpenWrt's own daemons, where they are -----------------------------------

if [ "$kind" = real ]; then
	ip link set lo up 2>/dev/null || ifconfig lo up
	mkdir -p /var/run/ubus /var/lock
	ubusd -s /var/run/ubus/ubus.sock &
	wait_for [ -S /var/run/ubus/ubus.sock ]
	procd -S -s /var/run/ubus/ubus.sock > /tmp/t/procd 2>&1 &
	wait_for ubus list service
	/etc/init.d/rpcd start
	wait_for ubus list session
	reload_config # The first one only takes note.
fi

# --- install -----------------------------------------------------------------

mkdir -p /etc/crontabs
printf '# by hand\n5 5 * * * /bin/true' > /etc/crontabs/root # No newline at its end.
snapshot > /tmp/t/before
cp -p $base /tmp/t/base
cp -p $rpcd /tmp/t/rpcd

install $backend $page $language

equal "the manifest's files are there with their modes" "" "$(wrong_files)"
equal "its one-time script has run and is gone" "" "$(find /etc/uci-defaults -name '*sso*' 2>/dev/null)"
equal "/var/run/luci-sso is for root alone" "drwx------ 0" "$(stat -c '%A %u' /var/run/luci-sso)"
equal "the login page carries the script once" 1 "$(count luci-sso/login.js $base)"
equal "the theme's login page carries it once" 1 "$(count luci-sso/login.js $themed)"
expect "the command agrees" luci-sso login-button status
equal "cron cleans up every day" 1 "$(count 'luci-sso daily' /etc/crontabs/root)"
expect "the crontab's line does nothing where the service is not" sh -c "
	line=\$(sed -n 's/^17 4 [*] [*] [*] //p' /etc/crontabs/root | sed s/init[.]d/nothing/g) && [ -n \"\$line\" ] && eval \"\$line\""
equal "what cron ran before is a line of its own" 1 "$(count '^5 5 \* \* \* /bin/true$' /etc/crontabs/root)"
expect "the daily run ends well" /etc/init.d/luci-sso daily
expect "the service starts at boot" [ -L /etc/rc.d/S11luci-sso ]
equal "rpcd has the shipped role's entry, without a password" \
	"list read *;list read unauthenticated;list write *;option username sso:admin;" "$(entry luci_sso_admin)"
expect "the secret configuration is for root alone" [ "$(stat -c %a $config)" = 600 ]
expect "SSO ships switched off" grep -q "option enabled '0'" $config
expect "no e-mail address has rights as shipped" sh -c "! grep -q '^[^#]*list email' $config"
expect "what OpenWrt's CI calls is content" sh /tmp/t/test.sh luci-sso "$(cat /tmp/t/version)"
equal "page and program are of one version" "$(luci-sso --version)" "$(page_version)"
expect "and is not, with another version" sh -c "! sh /tmp/t/test.sh luci-sso 77.7"

snapshot > /tmp/t/installed
install --force-reinstall $backend
snapshot > /tmp/t/again
expect "a second installation changes nothing" diff /tmp/t/installed /tmp/t/again

# An image is built on another machine: no script may do anything there.
for script in /usr/lib/opkg/info/luci-*sso.p*-pkg /usr/lib/opkg/info/luci-*sso.postrm; do
	IPKG_INSTROOT=/tmp/t/image sh "$script" > /tmp/t/out 2>&1 || bad "$script fails while an image is built"
	[ ! -s /tmp/t/out ] || { bad "$script speaks while an image is built"; cat /tmp/t/out; }
done
snapshot > /tmp/t/again
expect "while an image is built nothing here changes" diff /tmp/t/installed /tmp/t/again

cp -p /tmp/t/base $base
/etc/init.d/luci-sso start > /dev/null 2>&1
equal "after an upgrade of LuCI the next boot puts the script back" 1 "$(count luci-sso/login.js $base)"

mkdir -p /usr/share/ucode/luci/template/themes/late
cp -p /tmp/t/base /usr/share/ucode/luci/template/themes/late/sysauth.ut
/etc/init.d/luci-sso daily > /dev/null 2>&1
equal "a theme installed later gets it with the daily run" 1 "$(count luci-sso/login.js /usr/share/ucode/luci/template/themes/late/sysauth.ut)"
rm -r /usr/share/ucode/luci/template/themes/late

/etc/init.d/luci-sso disable
luci-sso login-button remove > /dev/null
/etc/init.d/luci-sso daily > /dev/null 2>&1
equal "switched off by hand, it stays out" 0 "$(count luci-sso/login.js $base)"
/etc/init.d/luci-sso enable
/etc/init.d/luci-sso start > /dev/null 2>&1

# --- roles -------------------------------------------------------------------

roles <<'X'
config role 'root'
	list email 'a@example.com'
	list read '*'

config role 'net'
	list group 'net'
	list read 'luci-*'
	list read '!luci-app-acl'
	list write 'luci-mod-network'

config role 'viewer'
	list sub '1'
	list read 'luci-base'
X
/etc/init.d/luci-sso reload > /dev/null 2>&1
equal "the entries follow the roles" "luci_sso_net luci_sso_root luci_sso_viewer " "$(entries)"
equal "a role called root does not become root" "list read *;list read unauthenticated;option username sso:root;" "$(entry luci_sso_root)"
equal "a pattern and a negation arrive as they are" \
	"list read !luci-app-acl;list read luci-*;list read unauthenticated;list write luci-mod-network;option username sso:net;" "$(entry luci_sso_net)"
equal "root's own entry is untouched" 1 "$(grep -c "option username 'root'" $rpcd)"

sed -i "s/option username 'sso:viewer'/&\n\toption password 'x'/" $rpcd
expect "an entry of ours can be tampered with" grep -q "option password 'x'" $rpcd
/etc/init.d/luci-sso reload > /dev/null 2>&1
equal "a password in an entry of ours does not last" 0 "$(entry luci_sso_viewer | grep -c password)"

# A login may have written the entries before the service heard of the change.
# Nothing is left to write then, but rpcd has not read it yet. And what rpcd
# knows it is not told again: a reload makes it forget that it is to undo a
# change that nobody confirms.
if [ "$kind" != real ]; then
	reloads() { count '^rpcd reload$' /tmp/services; }
	told="$(reloads)"
	/etc/init.d/luci-sso reload > /dev/null 2>&1
	equal "rpcd is not told what it knows" "$told" "$(reloads)"
	sed -i "s/list write 'luci-mod-network'/list write 'luci-mod-network*'/" $config
	luci-sso sync > /dev/null
	/etc/init.d/luci-sso reload > /dev/null 2>&1
	equal "a reload reaches rpcd although a login has written the entries" $((told + 1)) "$(reloads)"

	# While a change waits for its confirmation, ubus ends with 250.
	# shellcheck disable=SC2016 # The stand-in's own.
	printf '#!/bin/sh\nexit "$(cat /tmp/t/ubus)"\n' > /usr/bin/ubus
	chmod 0755 /usr/bin/ubus
	echo 250 > /tmp/t/ubus
	sed -i "s/list write 'luci-mod-network\*'/list write 'luci-mod-network'/" $config
	/etc/init.d/luci-sso reload > /dev/null 2>&1
	/etc/init.d/luci-sso reload > /dev/null 2>&1
	equal "and not while a change waits for its confirmation" $((told + 1)) "$(reloads)"
	echo 251 > /tmp/t/ubus
	told_later() { [ "$(reloads)" -gt $((told + 1)) ]; }
	settle told_later
	settle told_later # A slow machine gets as long again.
	equal "but once, when nothing waits any more" $((told + 2)) "$(reloads)"
	rm -f /usr/bin/ubus
fi

if [ "$kind" = real ]; then
	pid="$(rpcd_pid)"
	admin="$(session root)"
	person="$(session sso:viewer)"
	/etc/init.d/rpcd reload
	settle may_is true "$admin" luci-mod-network-config write
	equal "a reload of rpcd in the middle of a session keeps root's rights" true "$(may "$admin" luci-mod-network-config write)"
	equal "and gives the SSO session what its role may" "true false" "$(may "$person" luci-base read) $(may "$person" luci-base write)"

	sed -i "s/list read 'luci-base'/list read 'luci-mod-status*'/" $config
	ubus call service event '{"type":"config.change","data":{"package":"luci-sso"}}'
	settle may_is true "$person" luci-mod-status-index read
	equal "Save & Apply reaches a running session" "false true" "$(may "$person" luci-base read) $(may "$person" luci-mod-status-index read)"

	# LuCI's own way, with a change that nobody confirms, as after a wrong
	# address; a role is changed with it.
	asking="\"ubus_rpc_session\":\"$admin\""
	hostname="$(uci get system.@system[0].hostname)"
	cp -p /etc/config/system /tmp/t/system
	change() { # change SECONDS: both at once, to be undone after so many
		ubus call uci set "{$asking,\"config\":\"system\",\"section\":\"@system[0]\",\"values\":{\"hostname\":\"changed\"}}" &&
			ubus call uci set "{$asking,\"config\":\"luci-sso\",\"section\":\"viewer\",\"values\":{\"read\":[\"luci-base\"]}}" &&
			ubus call uci apply "{$asking,\"rollback\":true,\"timeout\":$1}"
	}
	hostname_is() { [ "$(uci get system.@system[0].hostname)" = "$1" ]; }
	expect "a change can be applied on trial" change 6
	settle hostname_is changed
	settle hostname_is "$hostname"
	equal "a change that nobody confirms is undone, our service or not" "$hostname" "$(uci get system.@system[0].hostname)"
	settle may_is true "$person" luci-mod-status-index read
	equal "and the role is what it was" "false true" "$(may "$person" luci-base read) $(may "$person" luci-mod-status-index read)"

	expect "a change can be applied on trial again" change 60
	settle hostname_is changed
	sleep 3 # The service has heard of it by now.
	expect "and be confirmed" ubus call uci confirm "{$asking}"
	settle may_is true "$person" luci-base read
	settle may_is true "$person" luci-base read # A slow machine gets as long again.
	equal "what is confirmed stays, and reaches a running session" "changed true" "$(uci get system.@system[0].hostname) $(may "$person" luci-base read)"
	cp -p /tmp/t/system /etc/config/system
	sed -i "s/list read 'luci-base'/list read 'luci-mod-status*'/" $config
fi

sed -i "s/config role 'viewer'/config role 'guest'/; /config role 'root'/,/list read/d" $config
if [ "$kind" = real ]; then
	marked="$(session sso:viewer viewer)"
	ubus call service event '{"type":"config.change","data":{"package":"luci-sso"}}'
	settle ended "$marked"
	settle may_is false "$person" luci-mod-status-index read
	equal "a renamed role takes the rights from its old sessions" false "$(may "$person" luci-mod-status-index read)"
	expect "which rpcd still knows" alive "$person"
	expect "and one that came through single sign-on is ended" ended "$marked"
	expect "root is still logged in" alive "$admin"
	equal "rpcd was never restarted" "$pid" "$(rpcd_pid)"
else
	/etc/init.d/luci-sso reload
	expect "the service follows its configuration" grep -q '^luci-sso luci-sso$' /tmp/triggers
fi
equal "a deleted role's entry goes, a renamed one's moves" "luci_sso_guest luci_sso_net " "$(entries)"

# --- what has to happen in time ----------------------------------------------

each_minute() { count 'luci-sso sessions --due$' /etc/crontabs/root; }
cp -p $config /tmp/t/untimed
equal "cron has nothing to do each minute" 0 "$(each_minute)"
printf "config oidc 'default'\n\toption issuer_url 'https://id.example.com'\n\toption client_id 'a'\n\toption client_secret 'b'\n\toption clock_tolerance '60'\n\toption session_lifetime '60'\n" > $config
printf '6 6 * * * /bin/true' >> /etc/crontabs/root # No newline at its end.
/etc/init.d/luci-sso reload > /dev/null 2>&1
/etc/init.d/luci-sso reload > /dev/null 2>&1
equal "while an option asks for it, cron looks each minute" 1 "$(each_minute)"
equal "in a line of its own" 1 "$(count '^6 6 \* \* \* /bin/true$' /etc/crontabs/root)"
mkdir -p /var/run/luci-sso/sessions
rm -f /var/run/luci-sso/sessions/*
line="$(sed -n 's/^[*] [*] [*] [*] [*] //p' /etc/crontabs/root)"
starts() { sh -c "$(echo "$line" | sed 's,/www/cgi-bin/luci-sso.*,exit 7,')"; echo $?; } # 7 when cron would start the program
equal "without sessions it does nothing" 0 "$(starts)"
: > /var/run/luci-sso/sessions/0123456789abcdef-0123456789abcdef
equal "with one it starts the program" 7 "$(starts)"
expect "which runs" sh -c "$line"
rm -f /var/run/luci-sso/sessions/*
sed -i "s/session_lifetime '60'/session_lifetime 'x'/" $config
/etc/init.d/luci-sso reload > /dev/null 2>&1
equal "settings that cannot be read change nothing" 1 "$(each_minute)"
sed -i "s/session_lifetime 'x'/session_lifetime '0'/" $config
/etc/init.d/luci-sso reload > /dev/null 2>&1
equal "without the option the line is gone" 0 "$(each_minute)"
sed -i '/^6 6 /d' /etc/crontabs/root
cp -p /tmp/t/untimed $config
/etc/init.d/luci-sso reload > /dev/null 2>&1

# --- logging out -------------------------------------------------------------

if [ "$kind" = real ]; then
	token=0123456789abcdef0123456789abcdef
	rm -f /tmp/luci-indexcache.*
	equal "LuCI's login page shows the script once" 1 "$(get / none | grep -c luci-sso/login.js)"

	roles <<'X'
config role 'viewer'
	list sub '1'
	list read 'luci-base'
X
	/etc/init.d/luci-sso reload > /dev/null 2>&1
	person="$(session sso:viewer)"
	admin="$(session root)"
	/etc/init.d/rpcd reload
	settle may_is true "$person" luci-base read
	sed -i "s/enabled '0'/enabled '1'/" $config
	equal "an SSO session logs out at the provider" "/cgi-bin/luci-sso/logout?stoken=$token" "$(get /admin/logout "$person" | location)"
	expect "which needs the session: it is still there" alive "$person"
	equal "anybody else logs out as ever" /cgi-bin/luci/ "$(get /admin/logout "$admin" | location)"
	expect "and is logged out" sh -c "! ubus call session get '{\"ubus_rpc_session\":\"$admin\"}'"
	sed -i "s/enabled '1'/enabled '0'/" $config
	equal "with SSO switched off an SSO session, too" /cgi-bin/luci/ "$(get /admin/logout "$person" | location)"
	expect "and is logged out" sh -c "! ubus call session get '{\"ubus_rpc_session\":\"$person\"}'"
fi

# --- upgrade -----------------------------------------------------------------

mkdir -p /etc/luci-sso
echo key > /etc/luci-sso/secret.key
cp -p $config /tmp/t/config

install --force-reinstall $backend
expect "installed over itself, the package keeps the secret key" grep -q key /etc/luci-sso/secret.key
expect "and the configuration" diff /tmp/t/config $config
rm -f $config-opkg

# As an earlier version left it.
sed -i 's|^17 4 .*|17 4 * * * /etc/init.d/luci-sso daily|' /etc/crontabs/root
install $newer/luci-sso.ipk
equal "the line in the crontab is today's" 1 "$(count '^17 4 .* -x .*luci-sso daily$' /etc/crontabs/root)"
: > /tmp/services
others="$(stat -c %i $rpcd $base $themed /etc/crontabs/root)"

install $newer/luci-sso.ipk $newer/luci-app-sso.ipk ${language:+$newer/luci-i18n-sso-de.ipk}
equal "page and program are of one version" 99.0-r1 "$(page_version)"
equal "the program is the newer one" 99.0-r1 "$(luci-sso --version)"
equal "an upgrade does not write to others' files" "$others" "$(stat -c %i $rpcd $base $themed /etc/crontabs/root)"
expect "an upgrade keeps the configuration" diff /tmp/t/config $config
expect "and the secret key" grep -q key /etc/luci-sso/secret.key
equal "and does nothing twice" "1 1 1" \
	"$(count luci-sso/login.js $base) $(count luci-sso/login.js $themed) $(count 'luci-sso daily' /etc/crontabs/root)"
equal "sysupgrade keeps the secret key, and not the client's" /etc/luci-sso/secret.key "$(cat /lib/upgrade/keep.d/luci-sso)"
rm -f $config-opkg

# --- remove ------------------------------------------------------------------

remove ${language:+luci-i18n-sso-de} luci-app-sso
equal "without the page the backend still works" 1 "$(count luci-sso/login.js $base)"
remove luci-sso
expect "rpcd's configuration is as before" diff /tmp/t/rpcd $rpcd
expect "an edited configuration outlives its package" diff /tmp/t/config $config
expect "and so does the key" grep -q key /etc/luci-sso/secret.key
rm -rf $config /etc/luci-sso
snapshot > /tmp/t/after
# Of the crontab, only the newline that was missing stays; LuCI keeps
# the name of a language whose packages are gone, as for its own.
sed -i '/ \/etc\/crontabs\/root$/d; / \/etc\/config\/luci$/d' /tmp/t/before /tmp/t/after
expect "nothing is left and nothing lost" diff /tmp/t/before /tmp/t/after
equal "the crontab has its own lines" '# by hand;5 5 * * * /bin/true;' "$(tr '\n' ';' < /etc/crontabs/root)"
equal "no file, link or directory of ours is left" "" "$(ours)"
expect "nor in memory" absent /var/run/luci-sso

# Once more, unedited and without a crontab to begin with, and out again by the
# documents' lines, with a language.
rm -f /etc/crontabs/root
install $backend $page $language
mkdir -p /etc/luci-sso
echo key > /etc/luci-sso/secret.key
expect "the packages are listed as the guide lists them" [ "$(sh /tmp/t/gone.opkg | grep -c sso)" = $((2 + ${language:+1})) ]
expect "the guide's line removes the packages" sh /tmp/t/remove.opkg
equal "as the guide's check says" "" "$(sh /tmp/t/gone.opkg)"
equal "unedited, the configuration goes, too" "" "$(ours)"
expect "and so does a crontab that was only ours" absent /etc/crontabs/root
expect "rpcd's configuration is as before" diff /tmp/t/rpcd $rpcd

if [ "$kind" = real ]; then
	equal "rpcd is the process it was" "$pid" "$(rpcd_pid)"
else
	equal "nothing was ever restarted" 0 "$(count restart /tmp/services)"
	expect "rpcd was told to reload" grep -q '^rpcd reload$' /tmp/services
fi
