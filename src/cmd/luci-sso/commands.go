// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
)

// Exit statuses of the commands. doctor has its own meaning for 1 and 2.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

// commands are what a person, cron or an init script can ask for. help is the
// line in the list; more is what --help adds to the usage.
var commands = []struct {
	name, usage, help, more string
	run                     func(args []string) int
}{
	{"doctor", "doctor [--json]", "check everything logging in needs, and say what to do",
		"Asks the provider and looks at the router; changes nothing.\nExits with 0 when all is well, 1 with warnings, 2 when logging in will fail.", runDoctor},
	{"status", "status [--json]", "whether single sign-on is on, who is in, what happened last", "", runStatus},
	{"roles", "roles [--json]", "who gets what, and whether rpcd knows it",
		"Exits with 1 when rpcd's entries differ; `luci-sso sync` mends that.", runRoles},
	{"match", "match [--email A] [--group G]… [--sub S] [--claims JSON] [--provider NAME] [--json]", "which role a person would get",
		"Takes the address for verified. JSON is what an ID token has, with numbers and\nquotes as they are there. Without --provider: by each that is enabled. Exits\nwith 1 when the login would be refused, by all of them.", runMatch},
	{"sessions", "sessions [--end ID | --due] [--json]", "the live sessions, or the end of one",
		"ID is what the list shows. --end exits with 1 when there is no such session.\n--due ends those whose time is over; cron calls it while an option asks for that.", runSessions},
	{"events", "events [--json]", "the last logins, logouts and errors", "", runEvents},
	{"explain", "explain [--json] CODE | ERROR [DESCRIPTION] | --list", "what a code of the log or a provider's error means, and what to do",
		"ERROR is an identity provider's, such as access_denied, best with the\ndescription that the log cites behind it. Exits with 1 when nobody knows it.", runExplain},
	{"client-key", "client-key [create | rotate | use | --jwk | --jwks | --pem | --json]", "the public key for token_auth_method private_key_jwt, or a change of keys",
		"Makes the key when there is none. rotate publishes a second key beside the\none in use; use puts it in its place, once the provider knows it.", runClientKey},
	{"sync", "sync [--remove]", "bring rpcd's login entries in line with the roles, or take them out", "", runSync},
	{"login-button", "login-button install|remove|status", "the script tag in LuCI's login templates", "", runLoginButton},
	{"cleanup", "cleanup", "remove what expired logins and used tokens left behind", "", runCleanup},
	{"version", "version", "print the version", "", runVersion},
}

func command(args []string) int {
	if len(args) == 0 || help(args[0]) || args[0] == "help" && len(args) == 1 {
		print(os.Stdout, usage())
		return exitOK
	}
	if args[0] == "--version" {
		return runVersion(nil)
	}
	if args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	for i := range commands {
		c := &commands[i]
		if c.name != args[0] {
			continue
		}
		if len(args) > 1 && help(args[1]) {
			print(os.Stdout, "usage: luci-sso "+c.usage+"\n\n"+strings.ToUpper(c.help[:1])+c.help[1:]+".\n")
			if c.more != "" {
				print(os.Stdout, "\n"+c.more+"\n")
			}
			return exitOK
		}
		return c.run(args[1:])
	}
	print(os.Stderr, "luci-sso: there is no command "+quoted(args[0])+"\n\n"+usage())
	return exitUsage
}

func help(arg string) bool { return arg == "--help" || arg == "-h" }

func usage() string {
	text := "luci-sso: single sign-on for LuCI\n\nusage: luci-sso COMMAND\n\n"
	for i := range commands {
		text += "  " + pad(commands[i].name, 14) + commands[i].help + "\n"
	}
	return text + "\nluci-sso COMMAND --help says more. To begin: luci-sso doctor\n"
}

// misuse says what is wrong with a command's arguments.
func misuse(name, reason string) int {
	print(os.Stderr, "luci-sso "+name+": "+reason+"\nsee: luci-sso "+name+" --help\n")
	return exitUsage
}

func fail(err error) int {
	print(os.Stderr, "luci-sso: "+err.Error()+"\n")
	return exitFail
}
