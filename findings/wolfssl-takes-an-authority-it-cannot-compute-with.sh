#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# wolfSSL 5.5.4 and mbedTLS 2.28.3 (Debian 12) and OpenSSL with private authorities of
# RSA with 4096 and with 8192 bits: some make theirs large, since it is to last.
#
# Guess:  all three verify what either of them signed; a library that had a limit
#         would refuse the authority when it is loaded.
# Seen:   mbedTLS and OpenSSL verify both. wolfSSL, as Debian builds it, loads the one
#         of 8192 bits without a complaint, and fails only at each certificate that it
#         signed, with a word about a buffer instead of the key.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/wolfssl-takes-an-authority-it-cannot-compute-with.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The Debian packages, unpacked here: nothing is installed.
apt-get -qq -o APT::Sandbox::User=root download libmbedtls-dev=2.28.3-1 libmbedtls14=2.28.3-1 libmbedx509-1=2.28.3-1 libmbedcrypto7=2.28.3-1 \
	libwolfssl-dev=5.5.4-2+deb12u3 libwolfssl35=5.5.4-2+deb12u3 >/dev/null
for package in *.deb; do dpkg -x "$package" tree; done
lib=$(echo "$dir"/tree/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH="$lib"

cat >mbed.c <<'EOF'
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char version[32], text[256] = "verified\n";
	mbedtls_x509_crt authority, certificate;
	uint32_t flags = 0;

	(void)argc;
	mbedtls_version_get_string(version);
	mbedtls_x509_crt_init(&authority);
	mbedtls_x509_crt_init(&certificate);
	if (mbedtls_x509_crt_parse_file(&authority, argv[1]) || mbedtls_x509_crt_parse_file(&certificate, argv[2]))
		return 1;
	if (mbedtls_x509_crt_verify(&certificate, &authority, NULL, "id.home.example", &flags, NULL, NULL))
		mbedtls_x509_crt_verify_info(text, sizeof(text), "", flags);
	printf("mbedTLS %s, %s: %s", version, argv[2], text);
	return 0;
}
EOF
cat >wolf.c <<'EOF'
#include <stdio.h>
#include <wolfssl/options.h>
#include <wolfssl/openssl/ssl.h>

int main(int argc, char **argv)
{
	WOLFSSL_CERT_MANAGER *manager;
	int said;

	(void)argc;
	wolfSSL_Init();
	manager = wolfSSL_CertManagerNew();
	said = wolfSSL_CertManagerLoadCA(manager, argv[1], NULL);
	printf("wolfSSL %s, %s: %s\n", wolfSSL_lib_version(), argv[1], said == SSL_SUCCESS ? "loaded" : wolfSSL_ERR_reason_error_string(said));
	said = wolfSSL_CertManagerVerify(manager, argv[2], SSL_FILETYPE_PEM);
	printf("wolfSSL %s, %s: %s\n", wolfSSL_lib_version(), argv[2], said == SSL_SUCCESS ? "verified" : wolfSSL_ERR_reason_error_string(said));
	return 0;
}
EOF
cc -I tree/usr/include -o mbed mbed.c -L "$lib" -lmbedtls -lmbedx509 -lmbedcrypto
cc -I tree/usr/include -o wolf wolf.c -L "$lib" -lwolfssl -lm

for bits in 4096 8192; do
	openssl req -x509 -newkey "rsa:$bits" -nodes -keyout ca.key -out "authority-$bits" -days 30 -subj "/CN=Authority" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout one.key -out one.csr -subj "/CN=id.home.example" 2>/dev/null
	printf 'subjectAltName=DNS:id.home.example\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' >one.ext
	openssl x509 -req -in one.csr -CA "authority-$bits" -CAkey ca.key -CAcreateserial -CAserial serial -days 10 -extfile one.ext -out "signed-by-$bits" 2>/dev/null
	./mbed "authority-$bits" "signed-by-$bits"
	if openssl verify -CAfile "authority-$bits" "signed-by-$bits" >/dev/null 2>&1; then echo "OpenSSL, signed-by-$bits: verified"; fi
	./wolf "authority-$bits" "signed-by-$bits"
done | tee seen
cat >expected <<'EOF'
mbedTLS 2.28.3, signed-by-4096: verified
OpenSSL, signed-by-4096: verified
wolfSSL 5.5.4, authority-4096: loaded
wolfSSL 5.5.4, signed-by-4096: verified
mbedTLS 2.28.3, signed-by-8192: verified
OpenSSL, signed-by-8192: verified
wolfSSL 5.5.4, authority-8192: loaded
wolfSSL 5.5.4, signed-by-8192: Buffer error, output too small or input too big
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
