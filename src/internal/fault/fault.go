// SPDX-License-Identifier: Apache-2.0

// Package fault owns the catalogue of codes: what can go wrong, under which
// HTTP status, which outcome it ends in, what the person reads and what the
// log says. Every error that can end a request is a *Fault of this catalogue
// with its cause wrapped. The package knows neither HTTP nor the log; it only
// says what belongs there.
package fault

import "errors"

// Code names an entry of the catalogue, in the spelling of the reference.
type Code string

// Part says what a code does in a failing request.
type Part uint8

const (
	// Outcome: the request ends in it.
	Outcome Part = iota
	// Cause: it is logged first, then the outcome it ends in.
	Cause
	// Note: it never ends a login by itself. It is logged with the status
	// of the request it is part of.
	Note
)

// Entry is one row of the catalogue: all that is said of a code. The texts are
// English and, but for Causes and Remedies, the keys of their translations.
type Entry struct {
	Code     Code
	Status   int // HTTP status of a request that ends through this code.
	Part     Part
	EndsIn   Code   // The next code of the chain; "" for an outcome.
	Added    bool   // Beyond the contract's codes: none of those was true.
	Sentence string // For the person signing in.
	Brief    string // For the administrator: one sentence of the page's list of errors.
	Meaning  string
	Causes   []string // The likely ones, most likely first.
	Remedies []string // What to do, in the order to try it.
}

// Fault is an error of the catalogue. Detail is the diagnostic line: plain
// words for the router's log with what was expected, what came and which
// option to change. It may quote values from outside, which the log makes
// printable; it never carries a secret.
type Fault struct {
	Code    Code
	Detail  string
	Outcome Code  // Overrides the catalogue's EndsIn where that depends on the situation.
	Err     error // The wrapped cause, if any.
}

// New makes a fault whose diagnostic line is detail.
func New(code Code, detail string) *Fault { return &Fault{Code: code, Detail: detail} }

// Wrap makes a fault caused by err, which errors.Is and errors.As still find.
// err's text is not logged: put what the administrator needs into detail.
func Wrap(code Code, err error, detail string) *Fault {
	return &Fault{Code: code, Detail: detail, Err: err}
}

// Error is the code with its diagnostic.
func (f *Fault) Error() string {
	if f.Detail == "" {
		return string(f.Code)
	}
	return string(f.Code) + ": " + f.Detail
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// As finds the fault in an error chain.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Plain is an error's diagnostic without its code.
func Plain(err error) string {
	if f, ok := As(err); ok {
		return f.Detail
	}
	return err.Error()
}

// Is reports whether err is a fault with this code.
func Is(err error, code Code) bool {
	f, ok := As(err)
	return ok && f.Code == code
}

// Chain lists the codes to log, cause first, outcome last.
func (f *Fault) Chain() []Code {
	chain := []Code{f.Code}
	next := f.Outcome
	for {
		entry, ok := Lookup(chain[len(chain)-1])
		if !ok {
			return chain
		}
		if next == "" {
			next = entry.EndsIn
		}
		if next == "" || len(chain) > len(catalogue) {
			return chain
		}
		chain, next = append(chain, next), ""
	}
}

// Ends returns the entry of the code in which a request with this fault ends.
func (f *Fault) Ends() Entry {
	chain := f.Chain()
	entry, _ := Lookup(chain[len(chain)-1])
	return entry
}
