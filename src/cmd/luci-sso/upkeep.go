// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/app"
	"luci-sso/internal/config"
	"luci-sso/internal/ending"
	"luci-sso/internal/handshake"
	"luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/replay"
	"luci-sso/internal/session"
	"luci-sso/internal/store"
	"luci-sso/internal/trial"
	"luci-sso/internal/uci"
	"luci-sso/internal/version"
)

func runVersion(args []string) int {
	if len(args) > 0 {
		return misuse("version", "unknown argument "+quoted(args[0]))
	}
	print(os.Stdout, version.Version+"\n")
	return exitOK
}

// runSync brings rpcd's entries in line. --timed, --pending and --told are the
// init script's: whether cron has to see to the sessions each minute, what
// rpcd has to read, and that it has read it. A login may have
// written the entries before, so that nothing is left to write although rpcd
// has not heard of it.
func runSync(args []string) int {
	action, mark := "", ""
	switch {
	case len(args) == 0:
	case len(args) == 1 && args[0] == "--timed":
		return timed()
	case len(args) == 1 && (args[0] == "--remove" || args[0] == "--pending"):
		action = args[0]
	case len(args) == 2 && args[0] == "--told" && isMark(args[1]):
		action, mark = args[0], args[1]
	default:
		return misuse("sync", "unknown argument "+quoted(args[len(args)-1]))
	}
	if action == "--told" {
		if err := errors.Join(store.EnsureDir(paths.RunDir()), store.WriteFile(paths.RPCDTold(), []byte(mark))); err != nil {
			return fail(err)
		}
		return exitOK
	}
	var roles []config.Role
	var changed bool
	var err error
	if action == "--remove" {
		changed, err = session.RemoveEntries(paths.RPCDConfig())
	} else if roles, err = config.Roles(paths.Config()); err == nil {
		changed, err = session.SyncEntries(paths.RPCDConfig(), roles)
	}
	if err != nil {
		return fail(err)
	}
	// LuCI would answer whoever has such a session 404 on every page, the
	// logout's included. What cannot be ended now ends at the next sync.
	if err := endOrphans(action == "--pending", roles); err != nil {
		print(os.Stderr, "luci-sso: "+err.Error()+"\n")
	}
	switch {
	case action == "--pending":
		if told, err := store.ReadFile(paths.RPCDTold(), 64); err != nil || string(told) != session.Mark(roles) {
			print(os.Stdout, session.Mark(roles)+"\n")
		}
	case changed:
		print(os.Stdout, "the login entries in "+paths.RPCDConfig()+" were changed\n")
	}
	return exitOK
}

// timed tells the init script by its exit status: 0 for yes, 1 for no, and 2
// when the settings cannot be read, so that nothing is to change.
func timed() int {
	providers := config.Sections(paths.Config())
	unknown := len(providers) == 0
	for _, provider := range providers {
		c, err := config.Parse(paths.Config(), provider)
		if err == nil && c.Timed() {
			return exitOK
		}
		unknown = unknown || err != nil
	}
	if unknown {
		return exitUsage
	}
	return exitFail
}

// runDue is what cron starts each minute while there are sessions.
func runDue() int {
	watch := ending.Watch{
		Config: ending.Settings(paths.Config()), Sessions: session.OnRouter(), Log: app.Log(), Now: session.Now, AskingTime: 45 * time.Second,
		Party: func(c *config.Config, notice func(string)) *oidc.Party {
			return login.RelyingParty(c, login.Cache(notice), notice)
		},
	}
	defer watch.Sessions.Close()
	if err := watch.Due(context.Background()); err != nil {
		return fail(err)
	}
	return exitOK
}

// endOrphans ends the sessions whose role or provider is gone. At boot rpcd is not there
// to be asked, and there is none: nobody waits then.
func endOrphans(maybeBoot bool, configured []config.Role) error {
	manager := session.OnRouter()
	defer manager.Close()
	providers := config.Sections(paths.Config())
	if !maybeBoot || manager.Any() {
		return ending.RolesGone(context.Background(), manager, app.Log(), configured, providers)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_ = ending.RolesGone(ctx, manager, app.Log(), configured, providers)
	return nil
}

func isMark(text string) bool {
	return len(text) == 16 && strings.Trim(text, "0123456789abcdef") == ""
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
	if _, err := trial.Reap(now); err != nil {
		return fail(err)
	}
	for _, dir := range []string{paths.RunDir(), paths.Cache(), filepath.Dir(paths.SecretKey())} {
		if _, err := store.ReapTemp(dir, now); err != nil {
			return fail(err)
		}
	}
	uci.Tidy(paths.RPCDConfig())
	// Last, as it needs rpcd, which may be away.
	manager := session.OnRouter()
	defer manager.Close()
	ended, err := manager.Reap(context.Background(), now)
	if err != nil {
		return fail(err)
	}
	print(os.Stdout, "removed "+strconv.Itoa(pending)+" expired logins, "+strconv.Itoa(used)+" used tokens and "+strconv.Itoa(ended)+" ended sessions\n")
	return exitOK
}

// tolerance keeps a login that may still be finished from being removed. A
// configuration that cannot be read lets nobody finish one; it gets the
// largest value.
func tolerance() time.Duration {
	c, err := config.Parse(paths.Config(), config.Section)
	if err != nil {
		return config.MaxClockTolerance * time.Second
	}
	return c.Seconds("clock_tolerance")
}
