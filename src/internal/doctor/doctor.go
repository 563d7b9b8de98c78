// SPDX-License-Identifier: Apache-2.0

// Package doctor owns the checks: whether logging in will work, and if not,
// what to do. The settings page, the rpcd plugin and `luci-sso doctor` show
// the same rows. It reads and asks, and changes nothing but the kept copies of
// the provider's documents, and makes the client key where a provider is to be
// shown one; no row ever carries a secret.
package doctor

import "luci-sso/internal/words"

// The results of a check, from best to worst.
const (
	Skip = "skip" // Could not be told, or does not apply.
	Pass = "pass"
	Warn = "warn"
	Fail = "fail"
)

// Check is one row. Message is a sentence of package words with %s for the
// arguments, or plain English without any: the page translates it before it
// fills the arguments in. Remedy has no arguments.
type Check struct {
	ID      string   `json:"id"`
	Status  string   `json:"status"`
	Message string   `json:"message"`
	Args    []string `json:"args"`
	Remedy  string   `json:"remedy"`
	Code    string   `json:"code"` // Of the fault a login would end in.
	// Command mends it, or shows more of it, at the router's shell.
	Command string `json:"command,omitempty"`
	// Section of the configuration that it is about, other than default.
	Provider string `json:"provider,omitempty"`
}

func row(id, status, message string, args ...string) *Check {
	if args == nil {
		args = []string{}
	}
	c := &Check{ID: id, Status: status, Message: message, Args: args}
	if status == Warn || status == Fail {
		c.Command = usual(id)
	}
	return c
}

// do adds what to do.
func (c *Check) do(remedy string) *Check {
	c.Remedy = remedy
	return c
}

func (c *Check) code(code string) *Check {
	c.Code = code
	return c
}

// Worst is the worst status among the checks: pass, warn or fail.
func Worst(checks []*Check) string {
	worst := Pass
	for i := range checks {
		switch s := checks[i].Status; {
		case s == Fail:
			return Fail
		case s == Warn:
			worst = Warn
		}
	}
	return worst
}

// Text is the message with its arguments.
func (c *Check) Text() string { return words.Fill(c.Message, c.Args) }
