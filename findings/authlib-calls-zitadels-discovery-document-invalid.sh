#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The discovery document of zitadel/oidc 3.52.0 (Go; its example server, which Zitadel
# is made of) and Authlib 1.2.0 (Debian 12), whose OpenIDProviderMetadata validates one.
#
# Guess:  it is valid: it has all that OpenID Connect Discovery 3 requires.
# Seen:   it is not, for Authlib: servers SHOULD take unsigned request objects besides
#         RS256, the library takes this SHOULD for a MUST, and zitadel/oidc wants them
#         signed, as one does now. Without that one member it is valid. Casdoor 3.158.0,
#         Glewlwyd 2.7.5 and TinyAuth 5.1.3 are refused for the same member.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/authlib-calls-zitadels-discovery-document-invalid.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The Debian packages and what they need, unpacked here: nothing is installed.
mkdir -p archives/partial
apt-get -qq -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install \
	python3-authlib=1.2.0-1+deb12u2 >/dev/null
for package in archives/*.deb; do dpkg -x "$package" tree; done
export PYTHONPATH=tree/usr/lib/python3/dist-packages

cat >main.go <<'EOF'
package main

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	const issuer = "https://provider.example"
	store := storage.NewStorage(storage.NewUserStore(issuer))
	server := exampleop.SetupServer(issuer, store, slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, httptest.NewRequest("GET", issuer+"/.well-known/openid-configuration", nil))
	io.Copy(os.Stdout, answer.Body)
}
EOF
go mod init provider >/dev/null 2>&1
go get github.com/zitadel/oidc/v3/example/server/exampleop@v3.52.0 github.com/zitadel/oidc/v3/example/server/storage@v3.52.0 >/dev/null 2>&1
go build -o provider .
./provider >document.json

cat >validate.py <<'EOF'
import json

from authlib.oidc.discovery import OpenIDProviderMetadata

NAME = 'request_object_signing_alg_values_supported'


def validate(document):
    try:
        OpenIDProviderMetadata(document).validate()
    except ValueError as error:
        return error
    return 'valid'


document = json.load(open('document.json'))
print(f'{NAME}: {document[NAME]}')
print(f'as it is: {validate(document)}')
del document[NAME]
print(f'without it: {validate(document)}')
EOF
/usr/bin/python3 validate.py | tee seen
cat >expected <<'EOF'
request_object_signing_alg_values_supported: ['RS256']
as it is: "request_object_signing_alg_values_supported" SHOULD support none and RS256
without it: valid
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
