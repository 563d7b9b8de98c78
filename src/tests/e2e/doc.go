// SPDX-License-Identifier: Apache-2.0

// Package e2e owns the tests from outside: the compiled CGI program, run as a
// router runs it, against a provider over TLS that misbehaves on demand. They
// prove that each code of the log comes when and how the reference says, that
// every provider's error is explained, and what a relying party has to
// refuse. It has no code of its own.
//
// scripts/codes-check compares the lists: the contract's codes (fault's
// testdata), the cases here, and the documentation.
package e2e
