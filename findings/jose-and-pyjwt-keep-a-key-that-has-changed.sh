#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# jose 6.2.18 (npm), PyJWT 2.6.0 (Debian 12) and go-oidc 3.21.0 (Go) take a provider's
# keys from its JWKS. The provider gets a new key, and then signs with that one.
#
# Guess:  all three look there again when a signature does not fit the key that they
#         kept, and take the new one, whether it has another kid, the same, or none
#         (OpenID Connect Core 10.1 wants a kid only where there are several keys).
# Seen:   go-oidc does. jose and PyJWT look again only for a kid that they do not
#         know: with the same kid, or none, what they kept decides until its time is
#         over, ten minutes with jose, five with PyJWT, and every login fails.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/jose-and-pyjwt-keep-a-key-that-has-changed.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jose@6.2.18

# The Debian packages and what they need, unpacked here: nothing is installed.
mkdir -p archives/partial
apt-get -qq -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install \
	python3-jwt=2.6.0-1+deb12u1 python3-cryptography >/dev/null
for package in archives/*.deb; do dpkg -x "$package" tree; done

cat >main.go <<'EOF'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	ctx := context.Background()
	verifier := oidc.NewVerifier("https://provider.example", oidc.NewRemoteKeySet(ctx, os.Args[1]+"/keys"), &oidc.Config{ClientID: "client"})
	for range 2 {
		response, err := http.Get(os.Args[1] + "/token")
		if err != nil {
			panic(err)
		}
		token, _ := io.ReadAll(response.Body)
		if _, err := verifier.Verify(ctx, string(token)); err != nil {
			fmt.Println("refused")
		} else {
			fmt.Println("verified")
		}
	}
}
EOF
go mod init client >/dev/null 2>&1
go get github.com/coreos/go-oidc/v3/oidc@v3.21.0 >/dev/null 2>&1
go build -o go-oidc .

cat >pyjwt.py <<'EOF'
import sys
import urllib.request

import jwt

keys = jwt.PyJWKClient(sys.argv[1] + '/keys')
for _ in range(2):
    token = urllib.request.urlopen(sys.argv[1] + '/token').read().decode()
    try:
        jwt.decode(token, keys.get_signing_key_from_jwt(token).key, algorithms=['RS256'], audience='client', issuer='https://provider.example')
        print('verified')
    except jwt.InvalidSignatureError:
        print('refused')
EOF

cat >probe.mjs <<'EOF'
import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const one = generateKeyPairSync('rsa', { modulusLength: 2048 });
const two = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token({ privateKey }, kid) {
	const now = Math.floor(Date.now() / 1000);
	const input = `${encode({ alg: 'RS256', kid })}.${encode({ iss: 'https://provider.example', aud: 'client', sub: 'person', iat: now, exp: now + 600 })}`;

	return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

// What the provider has at the first login and at the second.
const step = (pair, kid) => ({ keys: [ { ...pair.publicKey.export({ format: 'jwk' }), use: 'sig', kid } ], token: token(pair, kid) });
const cases = {
	'another kid': [ step(one, 'one'), step(two, 'two') ],
	'the same kid': [ step(one, 'one'), step(two, 'one') ],
	'no kid': [ step(one), step(two) ],
};

// A provider of its own for each try: a token is a login.
async function provider(steps) {
	let login = -1;
	const server = createServer((request, response) => {
		if (request.url === '/token')
			login++;
		response.end(request.url === '/token' ? steps[login].token : JSON.stringify({ keys: steps[login].keys }));
	});

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

	return `http://127.0.0.1:${server.address().port}`;
}

async function jose(base) {
	// Its pause of 30 s between two looks is for those who are asked too often.
	const keys = createRemoteJWKSet(new URL(`${base}/keys`), { cooldownDuration: 0 });
	const said = [];

	for (let login = 0; login < 2; login++) {
		try {
			await jwtVerify(await (await fetch(`${base}/token`)).text(), keys, { issuer: 'https://provider.example', audience: 'client' });
			said.push('verified');
		} catch (error) {
			if (!(error instanceof errors.JWSSignatureVerificationFailed))
				throw error;
			said.push('refused');
		}
	}

	return said.join(', then ');
}

async function program(command, ...args) {
	const { stdout } = await promisify(execFile)(command, args, { env: { ...process.env, PYTHONPATH: 'tree/usr/lib/python3/dist-packages' } });

	return stdout.trim().replace('\n', ', then ');
}

for (const [ name, steps ] of Object.entries(cases)) {
	console.log(`${name}, go-oidc: ${await program('./go-oidc', await provider(steps))}`);
	console.log(`${name}, jose: ${await jose(await provider(steps))}`);
	// It knows no keys without a kid at all.
	if (name !== 'no kid')
		console.log(`${name}, PyJWT: ${await program('/usr/bin/python3', 'pyjwt.py', await provider(steps))}`);
}
process.exit(0);
EOF

node probe.mjs | tee seen
cat >expected <<'EOF'
another kid, go-oidc: verified, then verified
another kid, jose: verified, then verified
another kid, PyJWT: verified, then verified
the same kid, go-oidc: verified, then verified
the same kid, jose: verified, then refused
the same kid, PyJWT: verified, then refused
no kid, go-oidc: verified, then verified
no kid, jose: verified, then refused
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
