// SPDX-License-Identifier: Apache-2.0

// Package ubus is a client for OpenWrt's micro bus, written from the wire
// protocol of ubusd and libubus: it looks objects up, invokes their methods
// and converts arguments and replies from and to blobmsg.
//
// The package owns the protocol and nothing else: it knows no object, no path
// of a socket and no policy, and depends on the standard library alone. The
// codec (Message, Decode, Append) is exported because a broker needs the other
// direction too; package ubusd is one, for tests.
//
// Whatever arrives is treated as hostile: lengths are checked before they are
// used, nesting and sizes are bounded, and a message that breaks a rule is an
// error wrapping [ErrProtocol], never a panic.
package ubus

import (
	"errors"
	"strconv"
)

// MaxMessage is the largest message body in bytes, header excluded, that the
// bus carries. ubusd drops the connection of a client that exceeds it.
const MaxMessage = 1 << 20

// MaxDepth is how deeply tables and arrays may be nested. JSON readers on the
// bus stop at the same depth.
const MaxDepth = 32

// ErrProtocol is wrapped by every error about bytes that violate the protocol:
// truncated or oversized messages, wrong types, too deep nesting.
var ErrProtocol = errors.New("ubus protocol violated")

// ErrTooLarge says that the arguments do not fit into one message. Nothing
// was sent.
var ErrTooLarge = errors.New("ubus: arguments exceed the largest message")

func protocolError(what string) error { return &protocolErr{what} }

type protocolErr struct{ what string }

func (e *protocolErr) Error() string { return ErrProtocol.Error() + ": " + e.what }
func (e *protocolErr) Unwrap() error { return ErrProtocol }

// Status is a reply code of the bus. Every value but OK is an error.
type Status int

// The codes ubusd, libubus and the objects behind them reply with.
const (
	OK               Status = 0
	InvalidCommand   Status = 1
	InvalidArgument  Status = 2
	MethodNotFound   Status = 3
	NotFound         Status = 4
	NoData           Status = 5
	PermissionDenied Status = 6
	Timeout          Status = 7
	NotSupported     Status = 8
	UnknownError     Status = 9
	ConnectionFailed Status = 10
	NoMemory         Status = 11
	ParseError       Status = 12
	SystemError      Status = 13
)

var statusText = [...]string{
	"success", "invalid command", "invalid argument", "method not found",
	"not found", "no data", "permission denied", "timed out",
	"not supported", "unknown error", "connection failed", "out of memory",
	"parse error", "system error",
}

// Error names the status and gives its number, which is what `ubus call`
// exits with.
func (s Status) Error() string {
	text := "unknown status"
	if s >= 0 && int(s) < len(statusText) {
		text = statusText[s]
	}
	return "ubus: " + text + " (" + strconv.Itoa(int(s)) + ")"
}

// CallError says which call was answered with an error status. errors.Is and
// errors.As find the Status in it.
type CallError struct {
	Object, Method string // Method is "" when the object could not be looked up.
	Status         Status
	// Absent says that NotFound is the bus's own word: the object is not
	// there, or not yet again, and nobody saw the call. Otherwise the object
	// answered, and means something of its own.
	Absent bool
}

func (e *CallError) Error() string {
	target := e.Object
	if e.Method != "" {
		target += " " + e.Method
	}
	return target + ": " + e.Status.Error()
}

// Unwrap returns the Status.
func (e *CallError) Unwrap() error { return e.Status }
