#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# mbedTLS 2.28.3 (Debian 12; the line that OpenWrt 23.05 has), wolfSSL 5.5.4 and
# OpenSSL, each with a private authority that may sign for one domain only: name
# constraints, which RFC 5280, 4.2.1.10 wants to be critical.
#
# Guess:  all three verify a certificate of that domain. A library that does not know
#         name constraints leaves them out.
# Seen:   wolfSSL and OpenSSL verify it. mbedTLS cannot even read the authority: the
#         extension is critical and unknown. In a bundle it is passed over, the call
#         says how many were, and what the authority signed is "not correctly signed
#         by the trusted CA", which sends people to look for another mistake.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/mbedtls-reads-no-authority-with-name-constraints.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
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
#include <mbedtls/error.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>

/* The authorities, the certificate, and the name that it is wanted for. */
int main(int argc, char **argv)
{
	char version[32], text[256];
	mbedtls_x509_crt authorities, certificate;
	uint32_t flags = 0;
	int read;

	(void)argc;
	mbedtls_version_get_string(version);
	mbedtls_x509_crt_init(&authorities);
	mbedtls_x509_crt_init(&certificate);
	read = mbedtls_x509_crt_parse_file(&authorities, argv[1]);
	if (read < 0)
		mbedtls_strerror(read, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%d could not be read", read);
	printf("mbedTLS %s, %s: %s\n", version, argv[1], text);
	if (mbedtls_x509_crt_parse_file(&certificate, argv[2]))
		return 1;
	if (mbedtls_x509_crt_verify(&certificate, &authorities, NULL, argv[3], &flags, NULL, NULL))
		mbedtls_x509_crt_verify_info(text, sizeof(text), "", flags);
	else
		snprintf(text, sizeof(text), "verified\n");
	printf("mbedTLS %s, %s with %s: %s", version, argv[2], argv[1], text);
	return 0;
}
EOF
cat >wolf.c <<'EOF'
#include <stdio.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

int main(int argc, char **argv)
{
	WOLFSSL_CERT_MANAGER *manager;
	int loaded, verified;

	(void)argc;
	wolfSSL_Init();
	manager = wolfSSL_CertManagerNew();
	loaded = wolfSSL_CertManagerLoadCA(manager, argv[1], NULL);
	verified = wolfSSL_CertManagerVerify(manager, argv[2], SSL_FILETYPE_PEM);
	printf("wolfSSL %s, %s with %s: %s\n", wolfSSL_lib_version(), argv[2], argv[1], loaded == SSL_SUCCESS && verified == SSL_SUCCESS ? "verified" : "refused");
	return 0;
}
EOF
cc -I tree/usr/include -o mbed mbed.c -L "$lib" -lmbedtls -lmbedx509 -lmbedcrypto
cc -I tree/usr/include -o wolf wolf.c -L "$lib" -lwolfssl -lm

authority() {
	name=$1
	shift
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -out "$name.pem" -days 30 -subj "/CN=Authority $name" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign "$@" 2>/dev/null
}

certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" -subj "/CN=id.home.example" 2>/dev/null
	printf 'subjectAltName=DNS:id.home.example\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' >"$2.ext"
	openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 10 -extfile "$2.ext" -out "$2.pem" 2>/dev/null
}

authority any
authority one -addext "nameConstraints=critical,permitted;DNS:home.example"
certificate any by-any
certificate one by-one
cat any.pem one.pem >bundle.pem
{
	./mbed any.pem by-any.pem id.home.example
	./mbed one.pem by-one.pem id.home.example
	./mbed bundle.pem by-one.pem id.home.example
	./wolf bundle.pem by-one.pem
	if openssl verify -CAfile bundle.pem by-one.pem >/dev/null 2>&1; then echo "OpenSSL, by-one.pem with bundle.pem: verified"; fi
} | tee seen
cat >expected <<'EOF'
mbedTLS 2.28.3, any.pem: 0 could not be read
mbedTLS 2.28.3, by-any.pem with any.pem: verified
mbedTLS 2.28.3, one.pem: X509 - The extension tag or value is invalid : ASN1 - ASN1 tag was of an unexpected value
mbedTLS 2.28.3, by-one.pem with one.pem: The certificate is not correctly signed by the trusted CA
mbedTLS 2.28.3, bundle.pem: 1 could not be read
mbedTLS 2.28.3, by-one.pem with bundle.pem: The certificate is not correctly signed by the trusted CA
wolfSSL 5.5.4, by-one.pem with bundle.pem: verified
OpenSSL, by-one.pem with bundle.pem: verified
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
