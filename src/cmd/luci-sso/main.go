// SPDX-License-Identifier: Apache-2.0

// Command luci-sso is single sign-on for a router: a CGI script for uhttpd,
// an rpcd plugin, a helper of ucode programs, and commands for a person at a
// shell, in one binary.
package main

import (
	"os"

	"luci-sso/internal/app"
	"luci-sso/internal/methods"
	_ "luci-sso/internal/single"
)

func main() {
	// A web server decides what this process is by setting this variable;
	// whatever its query put into the arguments (RFC 3875 §4.4) is ignored.
	if os.Getenv("GATEWAY_INTERFACE") != "" {
		if err := app.Main(); err != nil {
			os.Exit(1)
		}
		return
	}
	args := os.Args[1:]
	switch {
	case methods.IsPlugin(args):
		os.Exit(methods.Plugin(args, os.Stdin, os.Stdout, os.Stderr))
	case len(args) > 0 && args[0] == "native":
		os.Exit(runNative(args[1:]))
	}
	os.Exit(command(args))
}
