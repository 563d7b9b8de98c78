#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# LemonLDAP::NG 2.16.1 (Debian 12) with the claim groups, and a client by go-oidc 3.21.0
# (Go) that reads UserInfo into a struct with Groups []string.
#
# Guess:  it reads the groups of everybody: two, one, or none.
# Seen:   one group comes as a text, two as a list, so the struct works for an
#         administrator who is in two and tries it, and fails for the people in one:
#         "cannot unmarshal string". Only with "Array: Always" at the claim (in the
#         file, groups;string;always) one is a list, too; none is no claim either way.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/go-reads-two-groups-of-lemonldap-ng-and-not-one.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
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

cat >main.go <<'EOF'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// The issuer and an access token.
func main() {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, os.Args[1])
	if err != nil {
		panic(err)
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: os.Args[2]}))
	if err != nil {
		panic(err)
	}
	var claims struct{ Groups []string }
	if err := info.Claims(&claims); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(claims.Groups), "read")
}
EOF
go mod init client >/dev/null 2>&1
go get github.com/coreos/go-oidc/v3/oidc@v3.21.0 >/dev/null 2>&1
go build -o client .

cat >probe.mjs <<'EOF'
import { execFile, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

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

people({ two: [ 'admins', 'staff' ], one: [ 'staff' ], none: [] });
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
	oidcRPMetaDataExportedVars: { client: { groups: 'groups' }, always: { groups: 'groups;string;always' } },
	oidcRPMetaDataOptionsExtraClaims: { client: { groups: 'groups' }, always: { groups: 'groups' } },
	oidcRPMetaDataOptions: Object.fromEntries([ 'client', 'always' ].map((id) => [ id, {
		oidcRPMetaDataOptionsClientID: id, oidcRPMetaDataOptionsClientSecret: 'secret', oidcRPMetaDataOptionsRedirectUris: BACK,
		oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256', oidcRPMetaDataOptionsBypassConsent: 1,
	} ])),
}));

const child = spawn('/usr/bin/perl', [ '-MPlack::Runner', '-e', 'my $r = Plack::Runner->new; $r->parse_options(@ARGV); $r->run', '--', '--host', '127.0.0.1', '--port', String(port), '--env', 'deployment', 'portal.psgi' ], { stdio: 'ignore' });

process.on('exit', () => child.kill());
for (let tries = 0; tries < 300 && !await fetch(`${origin}/.well-known/openid-configuration`).then(({ ok }) => ok, () => false); tries++)
	await sleep(100);

// A login of a browser of its own: the form of the portal, then the code.
async function login(client, person) {
	const verifier = randomBytes(32).toString('base64url');
	const url = `${origin}/oauth2/authorize?${new URLSearchParams({
		client_id: client, response_type: 'code', redirect_uri: BACK, scope: 'openid groups', state: randomBytes(16).toString('hex'),
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
	})}`;
	const first = await fetch(url, { redirect: 'manual' });
	const cookie = first.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
	const fields = Object.fromEntries([ ...(await first.text()).matchAll(/<input\b([^>]*)>/g) ].map(([ , input ]) => [ /\bname="([^"]*)"/.exec(input)?.[1], /\bvalue="([^"]*)"/.exec(input)?.[1].replace(/&amp;/g, '&') ?? '' ]).filter(([ name ]) => name));
	const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers: { cookie }, body: new URLSearchParams({ ...fields, user: person, password: person }) });
	const code = new URL(answer.headers.get('location')).searchParams.get('code');
	const tokens = await fetch(`${origin}/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${btoa(`${client}:secret`)}` }, body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: verifier }) });

	return (await tokens.json()).access_token;
}

for (const client of [ 'client', 'always' ]) {
	for (const person of [ 'two', 'one', 'none' ]) {
		const token = await login(client, person);
		const { groups } = await (await fetch(`${origin}/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } })).json();
		const { stdout } = await promisify(execFile)('./client', [ `${origin}/`, token ]);

		console.log(`${client === 'always' ? 'Array: Always, ' : ''}in ${person}: ${groups === undefined ? 'no claim' : JSON.stringify(Array.isArray(groups) ? groups.sort() : groups)}; ${stdout.trim()}`);
	}
}
process.exit(0);
EOF

node probe.mjs | tee seen
cat >expected <<'EOF'
in two: ["admins","staff"]; 2 read
in one: "staff"; json: cannot unmarshal string into Go struct field .Groups of type []string
in none: no claim; 0 read
Array: Always, in two: ["admins","staff"]; 2 read
Array: Always, in one: ["staff"]; 1 read
Array: Always, in none: no claim; 0 read
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
