#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Dex 2.45.1 (Go module), which asks for the password at each login.
#
# Guess:  with max_age in the request, the ID token says when the person signed in:
#         auth_time is required then (OpenID Connect Core 2 and 3.1.2.1).
# Seen:   it never does, whatever max_age is, although the person has just signed
#         in. A client that checks what it asked for has to refuse everybody.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/dex-max-age-brings-no-auth-time.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"

# Its tags are no versions to Go: this is the commit of v2.45.1. To build it takes minutes.
cat >go.mod <<'EOT'
module dex

go 1.25.0

require github.com/dexidp/dex v0.0.0-20260303133905-11d2eeb52b42
EOT
printf '//go:build never\n\npackage main\n\nimport _ "github.com/dexidp/dex/cmd/dex"\n' >never.go
go mod tidy >/dev/null 2>&1
CGO_ENABLED=0 go build -o program github.com/dexidp/dex/cmd/dex

cat >alice.mjs <<'EOT'
import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const back = 'https://client.example/back';
const free = createServer();
await new Promise((done) => free.listen(0, '127.0.0.1', done));
const { port } = free.address();
await new Promise((done) => free.close(done));
const issuer = `http://127.0.0.1:${port}/dex`;

// The password is "password", as bcrypt has it.
writeFileSync('config.json', JSON.stringify({
	issuer, storage: { type: 'memory' }, web: { http: `127.0.0.1:${port}` }, enablePasswordDB: true, oauth2: { skipApprovalScreen: true },
	staticClients: [ { id: 'client', name: 'Client', secret: 'secret', redirectURIs: [ back ] } ],
	staticPasswords: [ { email: 'alice@example.com', username: 'alice', userID: '1', hash: '$2b$10$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK' } ],
}));
const dex = spawn('./program', [ 'serve', 'config.json' ], { stdio: 'ignore' });
process.once('exit', () => dex.kill());
while (!await fetch(`${issuer}/healthz`).then(() => true, () => false))
	await sleep(100);

// go follows redirects as far as the client.
async function go(url, options = {}) {
	for (;;) {
		const answer = await fetch(url, { redirect: 'manual', ...options });
		const to = answer.headers.get('location');

		if (!to)
			return { url, status: answer.status, body: await answer.text() };
		url = new URL(to, url).href;
		if (url.startsWith(back))
			return { back: Object.fromEntries(new URL(url).searchParams) };
		options = {};
	}
}

const verifier = randomBytes(32).toString('base64url');
const authorize = (more) => go(`${issuer}/auth?${new URLSearchParams({
	client_id: 'client', response_type: 'code', redirect_uri: back, scope: 'openid email', state: 'a-state-of-the-client', nonce: 'a-nonce',
	code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', ...more,
})}`);

for (const more of [ {}, { max_age: '3600' }, { max_age: '0' } ]) {
	const page = await authorize(more);
	const { back: { code } } = await go(page.url, { method: 'POST', body: new URLSearchParams({ login: 'alice@example.com', password: 'password' }) });
	const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({
		grant_type: 'authorization_code', client_id: 'client', client_secret: 'secret', code, redirect_uri: back, code_verifier: verifier,
	}) });
	const claims = JSON.parse(Buffer.from((await answer.json()).id_token.split('.')[1], 'base64url'));

	console.log(`${`${new URLSearchParams(more)}` || 'nothing asked'}: ${'auth_time' in claims ? 'auth_time' : 'no auth_time'}`);
}
process.exit(0);
EOT
node alice.mjs >came

cat came
test "$(cat came)" = 'nothing asked: no auth_time
max_age=3600: no auth_time
max_age=0: no auth_time'
