// SPDX-License-Identifier: Apache-2.0
//
// Run by the tests on the real ucode: the module luci_sso.native from a ucode
// program's side. Prints what is wrong, or "all right".

import * as native from 'luci_sso.native';

let wrong = 0;

function expect(what, got, want) {
	if (got !== want) {
		wrong++;
		printf("%s: got %J, want %J\n", what, got, want);
	}
}

function base64url(text) {
	text = replace(replace(text, '-', '+', 99), '_', '/', 99);

	while (length(text) % 4)
		text += '=';

	return b64dec(text);
}

let longest = '';

for (let i = 0; i < 256; i++)
	longest += 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx';

const claims = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const message = 'eyJhbGciOiJFUzI1NiJ9.' + claims;
const signature = base64url('DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q');
const x = base64url('f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU');
const y = base64url('x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0');
const pem = native.jwk_ec_p256_to_pem(x, y);

expect('sha256', hexenc(native.sha256('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
expect('sha256 of a NUL', hexenc(native.sha256('\x00')), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
expect('sha256 of nothing', length(native.sha256('')), 32);
expect('sha256 of 16 KB', length(native.sha256(longest)), 32);
expect('sha256 of more', native.sha256(longest + 'x'), null);
expect('sha256 of a number', native.sha256(5), null);
expect('sha256 of null', native.sha256(null), null);
expect('sha256 without argument', native.sha256(), null);
expect('sha256 of what a shell would run', hexenc(native.sha256('$(touch /tmp/ran); `id` \'"\n')), '23c6db5ac0de6537ada1e8277ff3f091fc716b48772eb3d29e783c94913b934e');

expect('hmac', hexenc(native.hmac_sha256('Jefe', 'what do ya want for nothing?')), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
expect('hmac without key', native.hmac_sha256(null, 'a'), null);
expect('hmac of an array', native.hmac_sha256('a', []), null);

expect('random', length(native.random(32)), 32);
expect('random, twice', native.random(16) === native.random(16), false);
expect('random without a number', length(native.random()), 32);
expect('random 0', native.random(0), null);
expect('random -1', native.random(-1), null);
expect('random 5000', native.random(5000), null);
expect('random of a string', native.random('16'), null);

expect('ES256', native.verify_es256(message, signature, pem), true);
expect('ES256, another message', native.verify_es256(message + 'x', signature, pem), false);
expect('ES256, short', native.verify_es256(message, 'short', pem), false);
expect('ES256, no key', native.verify_es256(message, signature, null), false);
expect('RS256 with an EC key', native.verify_rs256(message, signature, pem), false);
expect('RS256, too large', native.verify_rs256(longest + 'x', signature, pem), false);
expect('EC point off the curve', native.jwk_ec_p256_to_pem(x, x), null);
expect('RSA exponent 1', native.jwk_rsa_to_pem(longest, '\x01'), null);

if (!wrong)
	print("all right\n");
