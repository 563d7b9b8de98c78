// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strconv"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/explain"
	"luci-sso/internal/handshake"
	"luci-sso/internal/paths"
	"luci-sso/internal/replay"
	"luci-sso/internal/session"
	"luci-sso/internal/store"
	"luci-sso/internal/version"
)

func runVersion(args []string) int {
	if len(args) > 0 {
		return misuse("version", "unknown argument "+quoted(args[0]))
	}
	print(os.Stdout, version.Version+"\n")
	return exitOK
}

func runExplain(args []string) int {
	return explain.Run(args, os.Stdout, os.Stderr, colour())
}

func runSync(args []string) int {
	var changed bool
	var err error
	switch {
	case len(args) == 1 && args[0] == "--remove":
		changed, err = session.RemoveEntries(paths.RPCDConfig())
	case len(args) == 0:
		var roles []config.Role
		if roles, err = config.Roles(paths.Config()); err == nil {
			changed, err = session.SyncEntries(paths.RPCDConfig(), session.RolesOf(roles))
		}
	default:
		return misuse("sync", "unknown argument "+quoted(args[0]))
	}
	if err != nil {
		return fail(err)
	}
	if changed {
		print(os.Stdout, "the login entries in "+paths.RPCDConfig()+" were changed\n")
	}
	return exitOK
}

func runCleanup(args []string) int {
	if len(args) > 0 {
		return misuse("cleanup", "unknown argument "+quoted(args[0]))
	}
	now := time.Now()
	pending, err := handshake.Open(handshake.Options{
		Dir: paths.Handshakes(), KeyFile: paths.SecretKey(), Tolerance: tolerance(),
	}).Reap()
	if err != nil {
		return fail(err)
	}
	used, err := replay.Open(paths.Tokens()).Reap(now)
	if err != nil {
		return fail(err)
	}
	for _, dir := range []string{paths.RunDir(), paths.Cache()} {
		if _, err := store.ReapTemp(dir, now); err != nil {
			return fail(err)
		}
	}
	print(os.Stdout, "removed "+strconv.Itoa(pending)+" expired logins and "+strconv.Itoa(used)+" used tokens\n")
	return exitOK
}

// tolerance keeps a login that may still be finished from being removed. A
// configuration that cannot be read lets nobody finish one; it gets the
// largest value.
func tolerance() time.Duration {
	c, err := config.Parse(paths.Config())
	if err != nil {
		return config.MaxClockTolerance * time.Second
	}
	return c.ClockTolerance
}
