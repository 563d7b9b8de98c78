// SPDX-License-Identifier: Apache-2.0

// Package doccheck owns the tests that hold docs/ to the program: the uci
// commands of every guide are run and read by the real reader, options and
// their defaults, files, fields of the page and the tests that the standards'
// table names are compared with the code. It has no code of its own and
// changes no page; what can be generated is package docgen's.
//
// tests/docs checks what needs no Go: links, anchors, shell syntax, pictures.
package doccheck
