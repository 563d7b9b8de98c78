// Command luci-sso is single sign-on for a router: a CGI script for uhttpd,
// an rpcd plugin, and commands for a person at a shell, in one binary.
package main

import (
	"os"

	"luci-sso/internal/app"
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
	os.Exit(command(os.Args[1:]))
}
