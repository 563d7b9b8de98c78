// SPDX-License-Identifier: Apache-2.0

// Package version owns the program's version, which the package build stamps
// in through the linker.
package version

// Version is the package's version and release, as in "0.1.0-r1".
var Version = "dev"

// UserAgent is how the router names itself to the provider.
func UserAgent() string { return "luci-sso/" + Version }
