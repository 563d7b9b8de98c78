// SPDX-License-Identifier: Apache-2.0

// Package single owns how many processors of Go's scheduler a request has: a
// callback and a logout have one. They do one thing after the other, and wait
// often: to wake a second thread each time takes a twentieth of their CPU time.
// A request that hardly waits would lose by the change.
//
// Importing it is all. It has to be initialised early: once other packages have
// memory on the processor that goes, a hundred page faults begin it anew. A
// package that imports nothing of consequence is.
package single

import (
	"runtime"
	"syscall"
)

func init() {
	// What uhttpd makes of the address /cgi-bin/luci-sso/callback (RFC 3875 §4.1.5).
	if path, _ := syscall.Getenv("PATH_INFO"); path == "/callback" || path == "/logout" {
		runtime.GOMAXPROCS(1)
	}
}
