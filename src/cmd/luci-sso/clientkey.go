// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"luci-sso/internal/clientkey"
	"luci-sso/internal/methods"
)

// runClientKey shows the public key, in all forms or in one, and changes keys:
// the next one is published before it is used.
func runClientKey(args []string) int {
	form := ""
	if len(args) > 0 {
		form = args[0]
	}
	if len(args) > 1 {
		return misuse("client-key", "unknown argument "+quoted(args[1]))
	}
	var err error
	switch form {
	case "", "--jwk", "--jwks", "--pem", "--json", "create":
	case "rotate":
		_, err = clientkey.Rotate()
	case "use":
		err = clientkey.Use()
	default:
		return misuse("client-key", "unknown argument "+quoted(form))
	}
	if err != nil {
		return fail(err)
	}
	key, err := methods.ClientKey("")
	if err != nil {
		return fail(err)
	}
	switch form {
	case "--jwk":
		print(os.Stdout, string(key.JWK)+"\n")
	case "--jwks":
		print(os.Stdout, string(key.JWKS)+"\n")
	case "--pem":
		print(os.Stdout, key.PEM)
	case "--json":
		printJSON(key)
	default:
		print(os.Stdout, "in use      "+key.ID+"\n")
		if key.Next != nil {
			print(os.Stdout, "next        "+key.Next.ID+", once the provider knows it: luci-sso client-key use\n")
		}
		print(os.Stdout, "\nJWK\n"+string(key.JWK)+"\n\nJWKS\n"+string(key.JWKS)+"\n\nPEM\n"+key.PEM)
		if key.Next != nil {
			print(os.Stdout, "\nPEM of the next\n"+key.Next.PEM)
		}
	}
	return exitOK
}
