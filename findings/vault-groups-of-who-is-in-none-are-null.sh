#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# github.com/hashicorp/vault/sdk 0.25.1 (Go): the templates by which Vault as an
# OpenID provider (and OpenBao 2.6.2, which was seen to do the same) makes claims:
# {"groups": {{identity.entity.groups.names}}}, as its documentation has it.
#
# Guess:  a list for everybody; for who is in no group an empty one.
# Seen:   for who is in none it is null. A client that takes the claim where it is
#         there, and an empty list only where it is missing, has no list then: in
#         Python claims.get("groups", []) is None, and the membership test ends in a
#         TypeError for the very people whom it should turn away with a word.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/vault-groups-of-who-is-in-none-are-null.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'EOF'
package main

import (
	"fmt"

	"github.com/hashicorp/vault/sdk/helper/identitytpl"
	"github.com/hashicorp/vault/sdk/logical"
)

func main() {
	for _, groups := range [][]*logical.Group{{{Name: "admins"}, {Name: "staff"}}, {{Name: "staff"}}, {}} {
		_, claims, err := identitytpl.PopulateString(identitytpl.PopulateStringInput{
			String: `{"groups": {{identity.entity.groups.names}}}`, Mode: identitytpl.JSONTemplating,
			Entity: &logical.Entity{ID: "person"}, Groups: groups,
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(len(groups), "groups:", claims)
	}
}
EOF
go mod init provider >/dev/null 2>&1
go get github.com/hashicorp/vault/sdk/helper/identitytpl@v0.25.1 github.com/hashicorp/vault/sdk/logical@v0.25.1 >/dev/null 2>&1
go build -o claims .

cat >client.py <<'EOF'
import json
import sys

for line in sys.stdin:
    claims = json.loads(line.split(': ', 1)[1])
    try:
        said = 'let in' if 'admins' in claims.get('groups', []) else 'turned away'
    except TypeError:
        said = 'TypeError'
    print(f'{line.strip()}; {said}')
EOF
./claims | python3 client.py | tee seen
cat >expected <<'EOF'
2 groups: {"groups": ["admins","staff"]}; let in
1 groups: {"groups": ["staff"]}; turned away
0 groups: {"groups": null}; TypeError
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
