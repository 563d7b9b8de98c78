#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# PyJWT 2.6.0 and Authlib 1.2.0 (Debian 12), jose 6.2.18 (npm) and go-oidc 3.21.0 (Go)
# look for the key of an ID token in a JWKS that has one key only.
#
# Guess:  all four take that key, with a kid or without: OpenID Connect Core 10.1 wants
#         a kid only where there are several keys, and RFC 7515 and 7517 leave it free.
# Seen:   jose and go-oidc do. PyJWT leaves keys without a kid out, so that there are
#         "no signing keys", and finds none for a token without one. Authlib takes a
#         key without a kid, but calls the whole set invalid when the key has one and
#         the token has none. Only a kid on both sides works everywhere.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/pyjwt-and-authlib-want-a-kid-where-there-is-one-key.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jose@6.2.18

# The Debian packages and what they need, unpacked here: nothing is installed.
mkdir -p archives/partial
apt-get -qq -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install \
	python3-jwt=2.6.0-1+deb12u1 python3-authlib=1.2.0-1+deb12u2 python3-cryptography >/dev/null
for package in archives/*.deb; do dpkg -x "$package" tree; done
export PYTHONPATH=tree/usr/lib/python3/dist-packages

cat >cases.mjs <<'EOF'
import { generateKeyPairSync, sign } from 'node:crypto';
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
	[ 'a kid at both', [ key({ kid: 'one' }) ], token({ kid: 'one' }) ],
	[ 'a kid at neither', [ key() ], token() ],
	[ 'a kid at the key', [ key({ kid: 'one' }) ], token() ],
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

cat >pyjwt.py <<'EOF'
import http.server
import json
import threading

import jwt


class Keys(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(Keys.now).encode())

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(('127.0.0.1', 0), Keys)
threading.Thread(target=server.serve_forever, daemon=True).start()
for case in json.load(open('cases.json')):
    Keys.now = case['keys']
    try:
        key = jwt.PyJWKClient(f'http://127.0.0.1:{server.server_port}/').get_signing_key_from_jwt(case['token'])
        jwt.decode(case['token'], key.key, algorithms=['RS256'], audience='client', issuer='https://provider.example')
        said = 'verified'
    except jwt.PyJWTError as error:
        said = error
    print(f"{case['name']}, PyJWT: {said}")
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
	/usr/bin/python3 pyjwt.py
	/usr/bin/python3 read.py
} | tee seen
cat >expected <<'EOF'
a kid at both, go-oidc: verified
a kid at neither, go-oidc: verified
a kid at the key, go-oidc: verified
a kid at both, jose: verified
a kid at neither, jose: verified
a kid at the key, jose: verified
a kid at both, PyJWT: verified
a kid at neither, PyJWT: The JWKS endpoint did not contain any signing keys
a kid at the key, PyJWT: Unable to find a signing key that matches: "None"
a kid at both, Authlib: verified
a kid at neither, Authlib: verified
a kid at the key, Authlib: ValueError: Invalid JSON Web Key Set
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
