package main

import (
	"fmt"
	"os"
	"time"

	"luci-sso/internal/app"
	"luci-sso/internal/config"
	"luci-sso/internal/explain"
	"luci-sso/internal/handshake"
	"luci-sso/internal/paths"
	"luci-sso/internal/replay"
	"luci-sso/internal/rpcdlogin"
	"luci-sso/internal/store"
	"luci-sso/internal/version"
)

// Exit statuses of the commands.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

// commands are what a person, cron or an init script can ask for.
var commands = []struct {
	name, usage, help string
	run               func(args []string) int
}{
	{"sync", "sync [--remove]", "bring rpcd's login entries in line with the roles, or take them out", runSync},
	{"cleanup", "cleanup", "remove what expired logins and used tokens left behind", runCleanup},
	{"login-button", "login-button install|remove|status", "the script tag in LuCI's login templates", runLoginButton},
	{"explain", "explain CODE|ERROR", "what a code of the log or a provider's error means, and what to do", runExplain},
	{"version", "version", "print the version", runVersion},
}

func command(args []string) int {
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		usage(os.Stdout)
		return exitOK
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(args[1:])
		}
	}
	fmt.Fprintf(os.Stderr, "luci-sso: there is no command %q\n\n", args[0])
	usage(os.Stderr)
	return exitUsage
}

func usage(w *os.File) {
	fmt.Fprint(w, "luci-sso: single sign-on for LuCI\n\nusage: luci-sso COMMAND\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-18s %s\n", c.usage, c.help)
	}
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "luci-sso: "+err.Error())
	return exitFail
}

func runVersion([]string) int {
	fmt.Println(version.Version)
	return exitOK
}

func runExplain(args []string) int {
	info, err := os.Stdout.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return explain.Run(args, os.Stdout, os.Stderr, terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func runSync(args []string) int {
	var changed bool
	var err error
	switch {
	case len(args) == 1 && args[0] == "--remove":
		changed, err = rpcdlogin.RemoveAll(paths.RPCDConfig())
	case len(args) == 0:
		var roles []config.Role
		if roles, err = config.Roles(paths.Config()); err == nil {
			changed, err = rpcdlogin.Sync(paths.RPCDConfig(), app.Logins(roles))
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: luci-sso sync [--remove]")
		return exitUsage
	}
	if err != nil {
		return fail(err)
	}
	if changed {
		fmt.Println("the login entries in " + paths.RPCDConfig() + " were changed")
	}
	return exitOK
}

func runCleanup([]string) int {
	now := time.Now()
	pending, err := handshake.Open(handshake.Options{Dir: paths.Handshakes(), KeyFile: paths.SecretKey()}).Reap()
	if err != nil {
		return fail(err)
	}
	used, err := replay.Open(paths.Tokens()).Reap(now)
	if err != nil {
		return fail(err)
	}
	if _, err := store.ReapTemp(paths.Cache(), now); err != nil {
		return fail(err)
	}
	fmt.Printf("removed %d expired logins and %d used tokens\n", pending, used)
	return exitOK
}
