// SPDX-License-Identifier: Apache-2.0
//
// A provider nobody here wrote: panva's oidc-provider over TLS, with the
// people and clients the tests need. Its pages answer themselves, so that a
// browser goes through them without a click: who signs in is set by the test.
//
// By hand:  node tests/provider/server.mjs [--port N] [--claims-in-id-token]
// prints one line of JSON with its address and the CA, and runs until Ctrl-C.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as plain } from 'node:http';
import { createServer, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Provider from 'oidc-provider';
import { makeCA } from '../lib/ca.mjs';

// Everyone has a subject that is no e-mail address, as real providers do it.
export const people = {
	alice: { sub: 'sub-alice', name: 'Alice Admin', email: 'alice@example.org', email_verified: true, groups: [ 'admins', 'staff' ] },
	bob: { sub: 'sub-bob', name: 'Bob Staff', email: 'bob@example.org', email_verified: true, groups: [ 'staff' ] },
	carol: { sub: 'sub-carol', name: 'Carol Unverified', email: 'carol@example.org', email_verified: false, groups: [] },
	mallory: { sub: 'sub-mallory', name: 'Mallory Nobody', email: 'mallory@example.net', email_verified: true, groups: [ 'guests' ] },
};

const SECRET = 'a-secret-with+signs/and=more:than%that';

// The characters of the secret are those that Basic authentication has to
// escape first (RFC 6749, 2.3.1).
// deliver sends what the provider has to tell a client. Its own fetch sends
// nothing to a private or loopback address, where most routers are.
function deliver(url, { method, headers, body }, ca) {
	return new Promise((resolve, reject) => {
		const text = String(body);
		const sent = (new URL(url).protocol === 'http:' ? plain : request)(url, { method, ca, headers: { ...Object.fromEntries(new Headers(headers)), 'content-length': text.length } }, (answer) => {
			answer.resume();
			answer.on('end', () => resolve(new Response(null, { status: answer.statusCode })));
		});

		sent.on('error', reject);
		sent.end(text);
	});
}

function client(id, algorithm, method, uris) {
	return {
		client_id: id,
		...(method.startsWith('client_secret') ? { client_secret: uris.secret } : {}),
		redirect_uris: uris.redirect,
		post_logout_redirect_uris: uris.afterLogout,
		response_types: [ 'code' ],
		grant_types: [ 'authorization_code', ...uris.refresh ? [ 'refresh_token' ] : [] ],
		...uris.logout ? { backchannel_logout_uri: uris.logout, backchannel_logout_session_required: true } : {},
		id_token_signed_response_alg: algorithm,
		token_endpoint_auth_method: method,
	};
}

function signingKeys() {
	const jwk = (type, options, extra) => ({
		...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
		kid: randomBytes(6).toString('hex'),
		use: 'sig',
		...extra,
	});

	return [
		jwk('rsa', { modulusLength: 2048 }, { alg: 'RS256' }),
		jwk('ec', { namedCurve: 'P-256' }, { alg: 'ES256' }),
	];
}

function page(title, body) {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}` +
		'<script>document.forms[0].submit()</script></html>';
}

// startProvider answers when the provider listens. Options:
//   host                the name in the issuer: 127.0.0.1, or localhost to be on the router's site
//   port                0 for any
//   tls                 a certificate of makeCA's; one is made otherwise
//   secret              of the clients that have one
//   redirectURIs, afterLogout   what the clients may ask for
//   claimsInIDToken     put the claims into the ID token, too
//   clientKeys          public keys (a JWKS) of the client that authenticates by one
//   refresh             give refresh tokens for offline_access
//   logout, logoutCA    where the router takes logout tokens, and who vouches for it
//   pushedOnly          refuse requests that were not pushed (PAR)
//   asks                let the person say that they want to sign out
//   person              who signs in next; the handle's person can be set later
// The handle has issuer, ca, caFile, clients, secret, person, requests (method
// and path of each), and close().
export async function startProvider(options = {}) {
	const { host = '127.0.0.1', port = 0, redirectURIs = [ 'https://localhost:8443/cgi-bin/luci-sso/callback' ], afterLogout = [] } = options;
	const dir = mkdtempSync(join(tmpdir(), 'luci-sso-provider-'));
	const { ca, caFile, cert, key } = options.tls ?? makeCA(dir);
	const server = createServer({ cert, key });

	await new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, '127.0.0.1', resolve);
	});

	const issuer = `https://${host}:${server.address().port}`;
	const uris = { redirect: redirectURIs, afterLogout, refresh: options.refresh, logout: options.logout, secret: options.secret ?? SECRET };
	const handle = {
		issuer, ca, caFile,
		clients: { rs256: 'router-rs256', es256: 'router-es256', post: 'router-post', none: 'router-public', key: 'router-key' },
		secret: uris.secret,
		person: options.person ?? 'alice',
		refuse: null, // An error value of RFC 6749 to answer the next authorization with.
		removed: new Set(), // Subjects whose account is gone.
		requests: [],
	};

	const provider = new Provider(issuer, {
		clients: [
			client('router-rs256', 'RS256', 'client_secret_basic', uris),
			client('router-es256', 'ES256', 'client_secret_basic', uris),
			client('router-post', 'RS256', 'client_secret_post', uris),
			client('router-public', 'RS256', 'none', uris),
			...(options.clientKeys ? [ { ...client('router-key', 'ES256', 'private_key_jwt', uris), jwks: options.clientKeys } ] : []),
		],
		jwks: { keys: signingKeys() },
		cookies: { keys: [ randomBytes(32).toString('hex') ] },
		claims: { openid: [ 'sub' ], profile: [ 'name' ], email: [ 'email', 'email_verified' ], groups: [ 'groups' ] },
		// What OIDC Core 5.4 wants: with an access token, claims come from UserInfo.
		conformIdTokenClaims: !options.claimsInIDToken,
		features: {
			devInteractions: { enabled: false },
			revocation: { enabled: true },
			...options.logout ? { backchannelLogout: { enabled: true } } : {},
			pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: Boolean(options.pushedOnly) },
			rpInitiatedLogout: {
				enabled: true,
				logoutSource(ctx, form) {
					ctx.body = options.asks ? `<!doctype html>${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button>` : page('Sign out', form.replace('</form>', '<input type="hidden" name="logout" value="yes"></form>'));
				},
				postLogoutSuccessSource(ctx) {
					ctx.body = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Signed out</title><h1>Signed out at the provider</h1></html>';
				},
			},
		},
		interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
		pkce: { required: () => true },
		ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Grant: 3600, Session: 3600, Interaction: 600 },
		findAccount(ctx, sub) {
			const person = Object.values(people).find((one) => one.sub === sub);

			return person && !handle.removed.has(sub) ? { accountId: sub, claims: () => person } : undefined;
		},
		// Nobody is asked for consent: a home's provider does not ask either.
		async loadExistingGrant(ctx) {
			const grant = new ctx.oidc.provider.Grant({
				clientId: ctx.oidc.client.clientId,
				accountId: ctx.oidc.session.accountId,
			});

			grant.addOIDCScope('openid profile email groups offline_access');
			await grant.save();

			return grant;
		},
		...options.logout ? { fetch: (url, how) => deliver(url, how, options.logoutCA) } : {},
		renderError(ctx, out) {
			ctx.type = 'text';
			ctx.body = `${out.error}: ${out.error_description}`;
		},
	});

	provider.use(async (ctx, next) => {
		handle.requests.push(`${ctx.method} ${ctx.path}`);
		const [ , uid ] = /^\/interaction\/([^/]+)$/.exec(ctx.path) ?? [];

		if (!uid)
			return next();

		if (ctx.method === 'GET') {
			ctx.type = 'html';
			ctx.body = page('Sign in', `<form method="post"><p>as ${handle.person}</p><button>Sign in</button></form>`);

			return;
		}

		const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);

		if (prompt.name === 'consent') {
			const grant = new provider.Grant({ clientId: params.client_id, accountId: session.accountId });

			grant.addOIDCScope(params.scope);
			await provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
			ctx.respond = false;

			return;
		}

		const result = handle.refuse
			? { error: handle.refuse, error_description: 'the person said no' }
			: { login: { accountId: people[handle.person].sub } };

		await provider.interactionFinished(ctx.req, ctx.res, result);
		ctx.respond = false;
	});

	server.on('request', provider.callback());

	handle.close = async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
		rmSync(dir, { recursive: true, force: true });
	};

	return handle;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
	const at = process.argv.indexOf('--port');
	const handle = await startProvider({
		port: at > 0 ? Number(process.argv[at + 1]) : 0,
		claimsInIDToken: process.argv.includes('--claims-in-id-token'),
	});
	const { issuer, caFile, clients, secret } = handle;

	console.log(JSON.stringify({ issuer, caFile, clients, secret, people: Object.keys(people) }));
	for (const signal of [ 'SIGINT', 'SIGTERM' ])
		process.once(signal, () => handle.close().then(() => process.exit(0)));
}
