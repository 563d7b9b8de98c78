#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Authlib 1.2.0 (Debian 12), jose 6.2.18 (npm) and go-oidc 3.21.0 (Go), and a JWKS with the
# RSA key that signs and, beside it, one of a type that they do not know yet: an ML-DSA
# key, "kty": "AKP", as providers get them to try new signatures beside the old.
#
# Guess:  all three leave the new key out, as RFC 7517, 5 asks for, and go on with RS256.
# Seen:   jose and go-oidc do. Authlib ends in a KeyError for the whole set: no login
#         works any more, although nothing was signed with the new key.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/authlib-reads-no-keys-beside-one-of-a-new-type.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jose@6.2.18

# The Debian packages and what they need, unpacked here: nothing is installed.
mkdir -p archives/partial
apt-get -qq -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install \
	python3-authlib=1.2.0-1+deb12u2 python3-cryptography >/dev/null
for package in archives/*.deb; do dpkg -x "$package" tree; done
export PYTHONPATH=tree/usr/lib/python3/dist-packages

cat >cases.mjs <<'EOF'
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const key = (more) => ({ ...publicKey.export({ format: 'jwk' }), use: 'sig', ...more });

function token(header) {
	const now = Math.floor(Date.now() / 1000);
	const input = `${encode({ alg: 'RS256', ...header })}.${encode({ iss: 'https://provider.example', aud: 'client', sub: 'person', iat: now, exp: now + 600 })}`;

	return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

const cases = [
	[ 'the RSA key alone', [ key({ kid: 'one' }) ], token({ kid: 'one' }) ],
	[ 'an AKP key beside it', [ { kty: 'AKP', alg: 'ML-DSA-44', use: 'sig', kid: 'new', pub: randomBytes(1312).toString('base64url') }, key({ kid: 'one' }) ], token({ kid: 'one' }) ],
];

writeFileSync('cases.json', JSON.stringify(cases.map(([ name, keys, jwt ]) => ({ name, keys: { keys }, token: jwt }))));
EOF
node cases.mjs

cat >main.go <<'EOF'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	data, _ := os.ReadFile("cases.json")
	var cases []struct {
		Name, Token string
		Keys        json.RawMessage
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		panic(err)
	}
	for _, one := range cases {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(one.Keys) }))
		ctx := context.Background()
		verifier := oidc.NewVerifier("https://provider.example", oidc.NewRemoteKeySet(ctx, server.URL), &oidc.Config{ClientID: "client"})
		said := "verified"
		if _, err := verifier.Verify(ctx, one.Token); err != nil {
			said = err.Error()
		}
		fmt.Printf("%s, go-oidc: %s\n", one.Name, said)
		server.Close()
	}
}
EOF
go mod init client >/dev/null 2>&1
go get github.com/coreos/go-oidc/v3/oidc@v3.21.0 >/dev/null 2>&1
go build -o go-oidc .

cat >verify.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify } from 'jose';

for (const { name, keys, token } of JSON.parse(readFileSync('cases.json')))
	console.log(`${name}, jose: ${await jwtVerify(token, createLocalJWKSet(keys), { issuer: 'https://provider.example', audience: 'client' }).then(() => 'verified', (error) => error.message)}`);
EOF

cat >read.py <<'EOF'
import json

from authlib.jose import JsonWebKey, JsonWebToken

for case in json.load(open('cases.json')):
    try:
        JsonWebToken(['RS256']).decode(case['token'], JsonWebKey.import_key_set(case['keys'])).validate()
        said = 'verified'
    except Exception as error:
        said = f'{type(error).__name__}: {error}'
    print(f"{case['name']}, Authlib: {said}")
EOF

{
	./go-oidc
	node verify.mjs
	/usr/bin/python3 read.py
} | tee seen
cat >expected <<'EOF'
the RSA key alone, go-oidc: verified
an AKP key beside it, go-oidc: verified
the RSA key alone, jose: verified
an AKP key beside it, jose: verified
the RSA key alone, Authlib: verified
an AKP key beside it, Authlib: KeyError: 'AKP'
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
