// SPDX-License-Identifier: Apache-2.0

// Package doors holds the tests of the program's doors other than the CGI:
// what rpcd, a person at a shell and a ucode script can ask, through the
// compiled program. It has no code.
package doors
