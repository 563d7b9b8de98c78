// SPDX-License-Identifier: Apache-2.0
//
// LemonLDAP::NG, Debian's package: its portal alone, with its demonstration's
// way of signing in (the password is the name).

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackage, fields, libraries, people, program } from '../lib/stage.mjs';
import { TOP } from '../../lib/lab.mjs';

const VERSION = '2.16.1+ds-deb12u10';
// It does not undo Basic's form-encoding: a secret that needs none.
const SECRET = 'secret-of-the-tests';

let root;

function configuration({ origin, dir, callback, after, number }) {
	const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
	const both = (make) => ({ router: make('router'), 'router-public': make('router-public') });
	const storage = (name) => ({ Directory: join(dir, name), LockDirectory: join(dir, `${name}-lock`), generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256' });

	return {
		cfgNum: number, cfgAuthor: 'tests', cfgDate: `${1700000000 + number}`, cfgVersion: '2.16.1',
		authentication: 'Demo', userDB: 'Same', passwordDB: 'Demo', registerDB: 'Null', demoExportedVars: { cn: 'cn', mail: 'mail', uid: 'uid' },
		portal: `${origin}/`, domain: 'localhost', cookieName: 'lemonldap', securedCookie: 1, whatToTrace: 'uid', portalSkin: 'bootstrap',
		globalStorage: 'Apache::Session::File', globalStorageOptions: storage('sessions'),
		persistentStorage: 'Apache::Session::File', persistentStorageOptions: storage('persistent'),
		localSessionStorage: 'Cache::FileCache', localSessionStorageOptions: { namespace: 'sessions', default_expires_in: 600, directory_umask: '007', cache_root: join(dir, 'cache'), cache_depth: 3 },
		applicationList: {}, exportedHeaders: {}, exportedVars: {}, groups: {}, macros: {}, locationRules: { localhost: { default: 'accept' } },
		requireToken: 0, captcha: '::Captcha::None', portalDisplayRegister: 0, portalDisplayResetPassword: 0, stayConnected: 0, timeout: 72000, key: 'a key of the tests',
		issuerDBOpenIDConnectActivation: 1, issuerDBOpenIDConnectPath: '^/oauth2/', issuerDBOpenIDConnectRule: 1,
		oidcServiceAllowAuthorizationCodeFlow: 1, oidcServiceIgnoreScopeForClaims: 0,
		oidcServicePrivateKeySig: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), oidcServicePublicKeySig: pair.publicKey.export({ type: 'spki', format: 'pem' }),
		oidcServiceKeyIdSig: `key-${number}`,
		oidcRPMetaDataExportedVars: both(() => ({ email: 'mail', name: 'cn', groups: 'groups' })),
		oidcRPMetaDataOptionsExtraClaims: both(() => ({ groups: 'groups' })),
		oidcRPMetaDataOptions: both((id) => ({
			oidcRPMetaDataOptionsClientID: id, ...id === 'router' ? { oidcRPMetaDataOptionsClientSecret: SECRET } : { oidcRPMetaDataOptionsPublic: 1 }, oidcRPMetaDataOptionsRequirePKCE: 1,
			oidcRPMetaDataOptionsRedirectUris: callback,
			oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256', oidcRPMetaDataOptionsBypassConsent: 1, oidcRPMetaDataOptionsPostLogoutRedirectUris: after,
			oidcRPMetaDataOptionsRefreshToken: 1, oidcRPMetaDataOptionsAllowOffline: 1,
		})),
	};
}

export default [ {
	id: 'lemonldap-ng', name: 'LemonLDAP::NG', version: VERSION, quick: true,
	prepare() { root = debianPackage('lemonldap-ng', VERSION, 'libstring-random-perl', 'libio-string-perl'); },
	async start(around) {
		const { origin, inner, dir } = around;
		const here = { ...people };
		let number = 1;
		const write = () => writeFileSync(join(dir, `conf/lmConf-${number}.json`), JSON.stringify(configuration({ ...around, number })));

		for (const name of [ 'conf', 'cache', 'sessions', 'sessions-lock', 'persistent', 'persistent-lock' ])
			mkdirSync(join(dir, name), { recursive: true });
		write();
		writeFileSync(join(dir, 'lemonldap-ng.ini'), `[all]\nlogLevel = warn\ncheckTime = 1\n[configuration]\ntype = File\ndirName = ${dir}/conf\nlocalStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'config', 'default_expires_in' => 600, 'directory_umask' => '007', 'cache_root' => '${dir}/cache', 'cache_depth' => 3 }
[portal]\nstaticPrefix = /static\ntemplateDir = ${root}/usr/share/lemonldap-ng/portal/templates\nlanguages = en\n`);
		const begin = () => program('/usr/bin/perl', [ '-MPlack::Runner', '-e', 'my $r = Plack::Runner->new; $r->parse_options(@ARGV); $r->run', '--',
			'--host', '127.0.0.1', '--port', String(inner), '--env', 'deployment', join(TOP, 'tests/providers/lemonldap-ng/portal.psgi') ], {
			ready: inner, cwd: dir, env: { ...process.env, LLNG_DEFAULTCONFFILE: join(dir, 'lemonldap-ng.ini'), PEOPLE: JSON.stringify(here),
				PERL5LIB: [ join(root, 'usr/share/perl5'), join(libraries(root), 'perl5/5.36'), join(libraries(root), 'perl5') ].join(':') },
		});
		let running = await begin();
		const again = async () => {
			await running.stop();
			number++;
			write();
			running = await begin();
		};

		return {
			// Where no issuer is set, it is the portal's address, to its slash.
			issuer: `${origin}/`, client: { id: 'router', secret: SECRET }, publicClient: 'router-public',
			options: { scope: 'openid profile email groups' },
			page(visitor, answer, person) {
				const form = fields(answer);

				return form && 'password' in form.fields
					? { url: form.action, method: 'POST', form: { ...form.fields, user: person, password: person } }
					: null;
			},
			rotate: again,
			// Only a refresh token of offline_access looks at the account.
			lasting: 'offline_access',
			remove(person) {
				delete here[person];

				return again();
			},
			stop: () => running.stop(),
		};
	},
} ];
