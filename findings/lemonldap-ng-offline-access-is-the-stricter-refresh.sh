#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# LemonLDAP::NG 2.16.1 (Debian 12), a client that may have refresh tokens. Two
# logins of one person, one of them with the scope offline_access; then the person
# is taken out of the directory.
#
# Guess:  the token of offline_access, made for when nobody is there, is the one that
#         goes on; the other hangs on the session at the portal, and the next refresh
#         notices that there is no such person any more.
# Seen:   the other way round. Without offline_access a refresh goes on, and UserInfo
#         has the groups of the sign-in, for as long as the session lasts; with it,
#         each refresh looks into the directory: new groups come, and who is gone is
#         invalid_grant. Who wants to notice has to ask for offline_access.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/lemonldap-ng-offline-access-is-the-stricter-refresh.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The Debian packages and what they need, unpacked here: nothing is installed.
mkdir -p archives/partial conf cache sessions sessions-lock persistent persistent-lock
apt-get -qq -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install \
	lemonldap-ng=2.16.1+ds-deb12u10 libstring-random-perl libio-string-perl >/dev/null
for package in archives/*.deb; do dpkg -x "$package" tree; done
lib=$(echo "$dir"/tree/usr/lib/*-linux-gnu)
export PERL5LIB="$dir/tree/usr/share/perl5:$lib/perl5/5.36:$lib/perl5"
export LLNG_DEFAULTCONFFILE="$dir/lemonldap-ng.ini"

cat >lemonldap-ng.ini <<EOF
[all]
logLevel = error
[configuration]
type = File
dirName = $dir/conf
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'config', 'default_expires_in' => 600, 'directory_umask' => '007', 'cache_root' => '$dir/cache', 'cache_depth' => 3 }
[portal]
staticPrefix = /static
templateDir = $dir/tree/usr/share/lemonldap-ng/portal/templates
languages = en
EOF

# The portal with its demonstration's way of signing in: the password is the name.
# Who there is, is in people.json, which is read for each request.
cat >portal.psgi <<'EOF'
use strict;

# It loads a captcha even where none is shown, and that wants an image library.
package Lemonldap::NG::Portal::Captcha::None;
use Mouse;
extends 'Lemonldap::NG::Portal::Main::Plugin';
sub init { return 1 }
BEGIN { $INC{'Lemonldap/NG/Portal/Captcha/None.pm'} = __FILE__ }

package main;
use JSON;
use Lemonldap::NG::Portal;
use Lemonldap::NG::Portal::UserDB::Demo;

my $portal = Lemonldap::NG::Portal->run( {} );
sub {
    open( my $file, '<', 'people.json' ) or die $!;
    my $people = decode_json( join '', <$file> );
    %Lemonldap::NG::Portal::UserDB::Demo::demoAccounts = map { $_ => { uid => $_, cn => $_, mail => "$_\@example.org" } } keys %$people;
    %Lemonldap::NG::Portal::UserDB::Demo::demoGroups = ();
    for my $name ( keys %$people ) {
        push @{ $Lemonldap::NG::Portal::UserDB::Demo::demoGroups{$_} }, $name for @{ $people->{$name} };
    }
    $portal->( $_[0] );
};
EOF

cat >probe.mjs <<'EOF'
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const BACK = 'https://client.example/back';
const dir = process.cwd();
const free = createServer();

await new Promise((resolve) => free.listen(0, '127.0.0.1', resolve));
const { port } = free.address();

await new Promise((resolve) => free.close(resolve));
const origin = `http://127.0.0.1:${port}`;
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const storage = (name) => ({ Directory: `${dir}/${name}`, LockDirectory: `${dir}/${name}-lock`, generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256' });
const people = (all) => writeFileSync('people.json', JSON.stringify(all));

people({ person: [ 'admins', 'staff' ], somebody: [] });
writeFileSync('conf/lmConf-1.json', JSON.stringify({
	cfgNum: 1, cfgAuthor: 'probe', cfgDate: '1700000000', cfgVersion: '2.16.1',
	authentication: 'Demo', userDB: 'Same', passwordDB: 'Demo', registerDB: 'Null', demoExportedVars: { cn: 'cn', mail: 'mail', uid: 'uid' },
	portal: `${origin}/`, domain: '127.0.0.1', cookieName: 'lemonldap', securedCookie: 0, whatToTrace: 'uid', portalSkin: 'bootstrap',
	globalStorage: 'Apache::Session::File', globalStorageOptions: storage('sessions'),
	persistentStorage: 'Apache::Session::File', persistentStorageOptions: storage('persistent'),
	localSessionStorage: 'Cache::FileCache', localSessionStorageOptions: { namespace: 'sessions', default_expires_in: 600, directory_umask: '007', cache_root: `${dir}/cache`, cache_depth: 3 },
	applicationList: {}, exportedHeaders: {}, exportedVars: {}, groups: {}, macros: {}, locationRules: { localhost: { default: 'accept' } },
	requireToken: 0, captcha: '::Captcha::None', portalDisplayRegister: 0, portalDisplayResetPassword: 0, stayConnected: 0, timeout: 72000, key: 'a key of this test',
	issuerDBOpenIDConnectActivation: 1, issuerDBOpenIDConnectPath: '^/oauth2/', issuerDBOpenIDConnectRule: 1, oidcServiceAllowAuthorizationCodeFlow: 1,
	oidcServicePrivateKeySig: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), oidcServicePublicKeySig: pair.publicKey.export({ type: 'spki', format: 'pem' }), oidcServiceKeyIdSig: 'one',
	oidcRPMetaDataExportedVars: { client: { groups: 'groups' } },
	oidcRPMetaDataOptionsExtraClaims: { client: { groups: 'groups' } },
	oidcRPMetaDataOptions: { client: {
		oidcRPMetaDataOptionsClientID: 'client', oidcRPMetaDataOptionsClientSecret: 'secret', oidcRPMetaDataOptionsRedirectUris: BACK,
		oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256', oidcRPMetaDataOptionsBypassConsent: 1, oidcRPMetaDataOptionsRefreshToken: 1, oidcRPMetaDataOptionsAllowOffline: 1,
	} },
}));

const child = spawn('/usr/bin/perl', [ '-MPlack::Runner', '-e', 'my $r = Plack::Runner->new; $r->parse_options(@ARGV); $r->run', '--', '--host', '127.0.0.1', '--port', String(port), '--env', 'deployment', 'portal.psgi' ], { stdio: 'ignore' });

process.on('exit', () => child.kill());
for (let tries = 0; tries < 300 && !await fetch(`${origin}/.well-known/openid-configuration`).then(({ ok }) => ok, () => false); tries++)
	await sleep(100);

// A login of a browser of its own: the form of the portal, then the code.
async function login(scope) {
	const verifier = randomBytes(32).toString('base64url');
	const url = `${origin}/oauth2/authorize?${new URLSearchParams({
		client_id: 'client', response_type: 'code', redirect_uri: BACK, scope, state: randomBytes(16).toString('hex'),
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
	})}`;
	const first = await fetch(url, { redirect: 'manual' });
	const cookie = first.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
	const fields = Object.fromEntries([ ...(await first.text()).matchAll(/<input\b([^>]*)>/g) ].map(([ , input ]) => [ /\bname="([^"]*)"/.exec(input)?.[1], /\bvalue="([^"]*)"/.exec(input)?.[1].replace(/&amp;/g, '&') ?? '' ]).filter(([ name ]) => name));
	const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers: { cookie }, body: new URLSearchParams({ ...fields, user: 'person', password: 'person' }) });
	const code = new URL(answer.headers.get('location')).searchParams.get('code');

	return (await token({ grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: verifier })).refresh_token;
}

async function token(form) {
	return (await fetch(`${origin}/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${btoa('client:secret')}` }, body: new URLSearchParams(form) })).json();
}

async function groups(refresh) {
	const answer = await token({ grant_type: 'refresh_token', refresh_token: refresh });

	if (answer.error)
		return answer.error;
	const info = await (await fetch(`${origin}/oauth2/userinfo`, { headers: { authorization: `Bearer ${answer.access_token}` } })).json();

	return `tokens, groups ${[ info.groups ].flat().sort().join(' ')}`;
}

const without = await login('openid groups');
const offline = await login('openid groups offline_access');

for (const [ now, what ] of [ [ { person: [ 'admins', 'staff' ], somebody: [] }, 'as at the sign-in' ], [ { person: [ 'staff' ], somebody: [] }, 'no longer among the admins' ], [ { somebody: [] }, 'gone' ] ]) {
	people(now);
	console.log(`${what}, without offline_access: ${await groups(without)}`);
	console.log(`${what}, with it: ${await groups(offline)}`);
}
process.exit(0);
EOF

node probe.mjs | tee seen
cat >expected <<'EOF'
as at the sign-in, without offline_access: tokens, groups admins staff
as at the sign-in, with it: tokens, groups admins staff
no longer among the admins, without offline_access: tokens, groups admins staff
no longer among the admins, with it: tokens, groups staff
gone, without offline_access: tokens, groups admins staff
gone, with it: invalid_grant
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
