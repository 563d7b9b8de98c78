// SPDX-License-Identifier: Apache-2.0
//
// luci_sso.native: hashes, random bytes and signatures for ucode programs,
// computed by the luci-sso program. Strings are byte strings; what is no good
// as input gives null, or false from a verification, and never an exception.

import { access, mkdir, open, popen, unlink } from 'fs';

const PROGRAM = '/www/cgi-bin/luci-sso';
const DIR = '/var/run/luci-sso';
const MAX_INPUT = 16384;

// A name nobody can guess, of hexadecimal digits alone: the only part of the
// command below that is not constant. `luci-sso cleanup` knows the prefix and
// removes what a killed program left.
function private_path() {
	const source = open('/dev/urandom', 'r');
	const bytes = source?.read?.(16);

	source?.close?.();

	return (type(bytes) == 'string' && length(bytes) == 16) ? `${DIR}/.tmp-${hexenc(bytes)}` : null;
}

// The arguments reach the program through a file of ours, so that neither a
// shell nor a list of processes ever sees them.
function call(operation, args) {
	for (let arg in args)
		if (type(arg) != 'string' || length(arg) > MAX_INPUT)
			return null;

	if (!access(DIR))
		mkdir(DIR, 0700);

	const path = private_path();
	const file = path ? open(path, 'wx', 0600) : null;

	if (!file)
		return null;

	let answer = null;

	if (file.write(join('', map(args, arg => `${length(arg)}:${arg}`))) != null && file.close()) {
		// Within a CGI script of somebody's, the program would take itself
		// for one.
		const process = popen(`unset GATEWAY_INTERFACE; ${PROGRAM} native ${operation} < ${path} 2>/dev/null`, 'r');

		answer = process?.read?.('all');
		process?.close?.();
	}

	unlink(path);

	return (type(answer) == 'string' && substr(answer, 0, 1) == '+') ? substr(answer, 1) : null;
}

// True if sig is the RS256 signature of msg under the PEM or DER key.
export function verify_rs256(msg, sig, key) {
	return call('verify_rs256', [ msg, sig, key ]) === '1';
};

// The same for ES256; sig is r and s, 32 bytes each.
export function verify_es256(msg, sig, key) {
	return call('verify_es256', [ msg, sig, key ]) === '1';
};

export function sha256(msg) {
	return call('sha256', [ msg ]);
};

export function hmac_sha256(key, msg) {
	return call('hmac_sha256', [ key, msg ]);
};

// 1 to 4096 random bytes, 32 unless said otherwise.
export function random(n) {
	n ??= 32;

	return (type(n) == 'int') ? call('random', [ `${n}` ]) : null;
};

// The public key of a JWK as PEM, from its raw big-endian numbers.
export function jwk_rsa_to_pem(n, e) {
	return call('jwk_rsa_to_pem', [ n, e ]);
};

export function jwk_ec_p256_to_pem(x, y) {
	return call('jwk_ec_p256_to_pem', [ x, y ]);
};
