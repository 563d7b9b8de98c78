// SPDX-License-Identifier: Apache-2.0
//
// A certificate authority for one test run, and the server certificate it
// signs. openssl makes them, because Node.js has no way to.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// makeCA puts ca.pem, server.pem and server.key into dir. The certificate is
// good for a day, for localhost and 127.0.0.1.
export function makeCA(dir) {
	const at = (name) => join(dir, name);
	const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: [ 'ignore', 'ignore', 'pipe' ] });
	const ec = [ '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes' ];

	openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1',
		'-subj', '/CN=luci-sso test authority',
		'-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
	openssl('req', '-new', ...ec, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
	writeFileSync(at('server.ext'), [
		'subjectAltName=DNS:localhost,IP:127.0.0.1',
		'extendedKeyUsage=serverAuth',
		'basicConstraints=CA:FALSE',
	].join('\n'));
	openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
		'-days', '1', '-extfile', 'server.ext', '-out', 'server.pem');

	return {
		caFile: at('ca.pem'),
		ca: readFileSync(at('ca.pem'), 'utf8'),
		cert: readFileSync(at('server.pem'), 'utf8'),
		key: readFileSync(at('server.key'), 'utf8'),
	};
}
