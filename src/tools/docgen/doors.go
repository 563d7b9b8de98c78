// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"luci-sso/internal/methods"
	"luci-sso/internal/native"
)

// doorsPage is docs/reference/doors.md.
func doorsPage(string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, generated, "src/internal/methods")
	b.WriteString(`# Doors

One program with four doors, and a ucode module that goes through the second. Each asks the same functions
(` + "`src/internal/methods`" + `), so that LuCI's page, a script and
a person at a shell get the same answers.

| door | how it is opened | who | what comes through |
|---|---|---|---|
| CGI | the variable ` + "`GATEWAY_INTERFACE`" + ` is set, whatever the arguments are | uhttpd | a browser's request: [HTTP interface](http-api.md) |
| rpcd plugin | ` + "`list`, or `call METHOD`" + ` and the arguments as JSON on standard input | rpcd | the ubus object ` + "`luci-sso`" + `, below |
| ` + "`luci_sso`" + ` | ` + "`import { status, match, explain } from 'luci_sso'`" + ` | ucode scripts | the same methods, over ubus |
| ` + "`luci_sso.native`" + ` | ` + "`import * as native from 'luci_sso.native'`" + ` | ucode programs | cryptography, below |
| commands | any other first argument | a person, cron, init scripts | [commands](commands.md) |

## Methods of the ubus object luci-sso

` + "`ubus call luci-sso status`" + `; in LuCI through ` + "`rpc.declare`" + `. *Access* is the part of the access group ` + "`luci-app-sso`" + ` that a
method is in. Times are Unix seconds; empty is an empty text or list, never null. No reply carries the client secret or
the id of a live session. LuCI's own ` + "`ubus_rpc_session`" + ` is taken with every method.

| method | access | arguments | what it does | reply |
|---|---|---|---|---|
`)
	for i := range methods.Methods {
		m := &methods.Methods[i]
		reply, err := replyOf(m.Name)
		if err != nil {
			return "", err
		}
		var args []string
		for _, a := range m.Args {
			text := "`" + a.Name + "` (" + string(a.Kind)
			if a.Required {
				text += ", required"
			}
			args = append(args, text+"): "+a.Help)
		}
		if args == nil {
			args = []string{"none"}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Access, cell(strings.Join(args, "; ")), cell(m.Help), cell(reply))
	}
	fmt.Fprintf(&b, `
### Errors

| ubus status | when |
|---|---|
| 2 INVALID_ARGUMENT | an argument is missing, unknown, of another type, too long (%d bytes a text, 1000 entries a list, %d KB together) or holds a control character; a session id that is not 16 hexadecimal digits |
| 3 METHOD_NOT_FOUND | there is no such method |
| 5 NO_DATA | the call could not be carried out: rpcd's sessions cannot be reached |
| 7 TIMEOUT | rpcd ended the program after its own limit of 30 s; the program itself gives up after %d s |

The program's exit status is the same number. rpcd does not look at it: it takes no output for NO_DATA and an output that
is no object for INVALID_ARGUMENT, so a refused call prints `+"`[]`"+`. What was wrong is on standard error, which rpcd discards:
run the call by hand to read it.

`+"```"+`
echo '{"code": "USER_NOT_AUTHORIZED"}' | /usr/libexec/rpcd/luci-sso call explain
`+"```"+`

rpcd runs the program beside its own work, so a call that waits for the provider holds nobody up. One connection test
runs at a time; another one meanwhile answers `+"`busy: true`"+`.

## The ucode module luci_sso

Each function returns the method's reply, or null when the service does not answer or refuses the arguments.

| function | arguments |
|---|---|
| `+"`status()`"+` | none |
| `+"`match(person)`"+` | an object with `+"`email`, `groups` (array), `sub`"+` |
| `+"`explain(code)`"+` | a code of the log |

## The ucode module luci_sso.native

Strings are byte strings, whatever is in them. Each input has up to %d KB. Bad input gives false from a verification and
null from the others, never an exception.

| function | result |
|---|---|
| `+"`verify_rs256(msg, sig, key)`"+` | true if `+"`sig`"+` is the signature; `+"`key`"+` is an RSA public key from 2048 bits, PEM or DER |
| `+"`verify_es256(msg, sig, key)`"+` | the same with `+"`sig`"+` as r and s, 32 bytes each; `+"`key`"+` is a P-256 public key, PEM or DER |
| `+"`sha256(msg)`"+` | 32 bytes |
| `+"`hmac_sha256(key, msg)`"+` | 32 bytes |
| `+"`random(n)`"+` | n bytes, 1 to %d |
| `+"`jwk_rsa_to_pem(n, e)`"+` | the public key of a JWK's decoded numbers, PEM |
| `+"`jwk_ec_p256_to_pem(x, y)`"+` | the same for a point on P-256, 32 bytes each |

The module runs `+"`luci-sso native FUNCTION`"+`. Standard input has the arguments, each as its length in decimal, a colon and the
bytes; standard output is `+"`+` and the result, `+1` or `+0` of a verification, or `-`"+` for null. An unknown function is exit
status 2.
`, 4<<10, methods.MaxInput>>10, int(methods.CallTime.Seconds()), native.MaxInput>>10, native.MaxRandom)
	return b.String(), nil
}
