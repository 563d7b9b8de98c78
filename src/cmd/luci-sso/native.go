// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"luci-sso/internal/native"
)

// runNative is the door of the ucode module luci_sso.native. It is not among
// the commands: nobody types it.
func runNative(args []string) int {
	if len(args) != 1 {
		return exitUsage
	}
	known, err := native.Run(args[0], os.Stdin, os.Stdout)
	if !known {
		fmt.Fprintf(os.Stderr, "luci-sso: there is no native operation %q\n", args[0])
		return exitUsage
	}
	if err != nil {
		return fail(err)
	}
	return exitOK
}
