#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# mbedTLS 2.28.3 (Debian 12; the line that OpenWrt 23.05 has), wolfSSL 5.5.4 and
# OpenSSL, each with a certificate for an address, as a provider at home has that is
# reached without a name (subjectAltName=IP:192.0.2.5).
#
# Guess:  all three find that it is for https://192.0.2.5, as RFC 9525 has it.
# Seen:   wolfSSL and OpenSSL do. mbedTLS compares names only: an address in the
#         certificate is never looked at, and a common name with the address does not
#         help, since there is a subjectAltName. What it says, "CN does not match",
#         names neither. Only the address written as a name as well fits.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/mbedtls-certificate-for-an-address-is-for-nobody.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
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

/* The authority, the certificate, and the address that it is wanted for. */
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
	if (mbedtls_x509_crt_verify(&certificate, &authority, NULL, argv[3], &flags, NULL, NULL))
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
	WOLFSSL_X509 *certificate;
	int good;

	(void)argc;
	wolfSSL_Init();
	manager = wolfSSL_CertManagerNew();
	certificate = wolfSSL_X509_load_certificate_file(argv[2], SSL_FILETYPE_PEM);
	good = certificate && wolfSSL_CertManagerLoadCA(manager, argv[1], NULL) == SSL_SUCCESS &&
		wolfSSL_CertManagerVerify(manager, argv[2], SSL_FILETYPE_PEM) == SSL_SUCCESS &&
		wolfSSL_X509_check_ip_asc(certificate, argv[3], 0) == SSL_SUCCESS;
	printf("wolfSSL %s, %s: %s\n", wolfSSL_lib_version(), argv[2], good ? "verified" : "refused");
	return 0;
}
EOF
cc -I tree/usr/include -o mbed mbed.c -L "$lib" -lmbedtls -lmbedx509 -lmbedcrypto
cc -I tree/usr/include -o wolf wolf.c -L "$lib" -lwolfssl -lm

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj "/CN=Authority" \
	-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null

certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
	printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' "$3" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 10 -extfile "$1.ext" -out "$1" 2>/dev/null
}

certificate address /CN=provider IP:192.0.2.5
certificate address-and-cn /CN=192.0.2.5 IP:192.0.2.5
certificate address-and-name /CN=provider IP:192.0.2.5,DNS:192.0.2.5
for one in address address-and-cn address-and-name; do
	./mbed ca.pem "$one" 192.0.2.5
	./wolf ca.pem "$one" 192.0.2.5
	if openssl verify -CAfile ca.pem -verify_ip 192.0.2.5 "$one" >/dev/null 2>&1; then echo "OpenSSL, $one: verified"; fi
done | tee seen
cat >expected <<'EOF'
mbedTLS 2.28.3, address: The certificate Common Name (CN) does not match with the expected CN
wolfSSL 5.5.4, address: verified
OpenSSL, address: verified
mbedTLS 2.28.3, address-and-cn: The certificate Common Name (CN) does not match with the expected CN
wolfSSL 5.5.4, address-and-cn: verified
OpenSSL, address-and-cn: verified
mbedTLS 2.28.3, address-and-name: verified
wolfSSL 5.5.4, address-and-name: verified
OpenSSL, address-and-name: verified
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
