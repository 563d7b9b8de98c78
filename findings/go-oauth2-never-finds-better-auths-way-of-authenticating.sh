#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# golang.org/x/oauth2 0.30.0 (Go) without an AuthStyle, as its example has it, signs
# in at better-auth 1.7.5 (npm) with its plugin oauth-provider, where the client is
# registered with client_secret_post.
#
# Guess:  the library finds out by itself: it tries Basic, is refused, tries the form
#         and has its tokens, at the first login already.
# Seen:   no login ever works. What is refused takes the code away here, so the
#         second try comes with a code that is gone; and the library remembers only
#         a way that worked, so each login begins with Basic anew. Said once
#         (AuthStyleInParams), it works.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/go-oauth2-never-finds-better-auths-way-of-authenticating.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --legacy-peer-deps --no-audit --no-fund \
	better-auth@1.7.5 @better-auth/core@1.7.5 @better-auth/oauth-provider@1.7.5 @better-auth/memory-adapter@1.7.5 @better-auth/utils@0.4.2 @better-fetch/fetch@1.3.2

cat >main.go <<'EOF'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/oauth2"
)

// The token endpoint, the client, and a code with its verifier for each login.
func main() {
	styles := map[string]oauth2.AuthStyle{"none": oauth2.AuthStyleAutoDetect, "params": oauth2.AuthStyleInParams}
	config := oauth2.Config{ClientID: os.Args[3], ClientSecret: os.Args[4], RedirectURL: "https://client.example/back",
		Endpoint: oauth2.Endpoint{TokenURL: os.Args[2], AuthStyle: styles[os.Args[1]]}}
	for i, login := range os.Args[5:] {
		code, verifier, _ := strings.Cut(login, " ")
		_, err := config.Exchange(context.Background(), code, oauth2.VerifierOption(verifier))
		var refused *oauth2.RetrieveError
		switch {
		case errors.As(err, &refused):
			fmt.Printf("AuthStyle %s, login %d: %d %s\n", os.Args[1], i+1, refused.Response.StatusCode, refused.ErrorCode)
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Printf("AuthStyle %s, login %d: tokens\n", os.Args[1], i+1)
		}
	}
}
EOF
go mod init client >/dev/null 2>&1
go get golang.org/x/oauth2@v0.30.0 >/dev/null 2>&1
go build -o client .

cat >probe.mjs <<'EOF'
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';
import { oauthProvider } from '@better-auth/oauth-provider';

const BACK = 'https://client.example/back';
const PASSWORD = 'a password of this test';
const server = createServer((request, response) => toNodeHandler(auth)(request, response));

await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const origin = `http://127.0.0.1:${server.address().port}`;
const tables = Object.fromEntries([
	'user', 'session', 'account', 'verification', 'jwks', 'oauthClient', 'oauthRefreshToken', 'oauthAccessToken', 'oauthConsent',
	'oauthResource', 'oauthClientResource', 'oauthClientAssertion',
].map((name) => [ name, [] ]));
const auth = betterAuth({
	baseURL: origin, secret: randomBytes(32).toString('base64url'), database: memoryAdapter(tables),
	emailAndPassword: { enabled: true }, rateLimit: { enabled: false }, logger: { disabled: true }, disabledPaths: [ '/token' ],
	plugins: [
		jwt({ jwks: { keyPairConfig: { alg: 'RS256' } } }),
		oauthProvider({ loginPage: '/login', consentPage: '/consent', silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true } }),
	],
});

// join makes an account and returns the headers of its session.
async function join(name) {
	const response = await auth.api.signUpEmail({ asResponse: true, body: { email: `${name}@example.org`, password: PASSWORD, name } });

	return new Headers({ cookie: response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ') });
}

const person = await join('person');
const client = await auth.api.adminCreateOAuthClient({ headers: person, body: { redirect_uris: [ BACK ], skip_consent: true, grant_types: [ 'authorization_code' ], token_endpoint_auth_method: 'client_secret_post' } });
const meta = await (await fetch(`${origin}/api/auth/.well-known/openid-configuration`)).json();

// A person who is signed in comes back with a code.
async function authorize() {
	const verifier = randomBytes(32).toString('base64url');
	const response = await fetch(`${meta.authorization_endpoint}?${new URLSearchParams({
		client_id: client.client_id, response_type: 'code', redirect_uri: BACK, scope: 'openid', state: randomBytes(16).toString('hex'),
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
	})}`, { redirect: 'manual', headers: person });
	const url = new URL(response.headers.get('location') ?? (await response.json()).url, origin);

	return `${url.searchParams.get('code')} ${verifier}`;
}

for (const style of [ 'none', 'params' ]) {
	const { stdout } = await promisify(execFile)('./client', [ style, meta.token_endpoint, client.client_id, client.client_secret, await authorize(), await authorize() ]);

	process.stdout.write(stdout);
}
process.exit(0);
EOF

node probe.mjs | tee seen
cat >expected <<'EOF'
AuthStyle none, login 1: 400 invalid_grant
AuthStyle none, login 2: 400 invalid_grant
AuthStyle params, login 1: tokens
AuthStyle params, login 2: tokens
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
