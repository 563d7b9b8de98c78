// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"luci-sso/internal/loginbutton"
)

// runLoginButton exits with 1 when something could not be done, and for
// `status` also when a template lacks the tag.
func runLoginButton(args []string) int {
	site := loginbutton.OnRouter()
	var changed []string
	var err error

	switch {
	case len(args) == 1 && args[0] == "install":
		changed, err = site.Install()
	case len(args) == 1 && args[0] == "remove":
		changed, err = site.Remove()
	case len(args) == 1 && args[0] == "status":
		return loginButtonStatus(site)
	default:
		return misuse("login-button", "say install, remove or status")
	}
	for _, path := range changed {
		fmt.Println("changed " + path)
	}
	if err != nil {
		return fail(err)
	}
	return exitOK
}

func loginButtonStatus(site loginbutton.Site) int {
	list, err := site.Status()
	exit := exitOK
	for _, template := range list {
		fmt.Printf("%-8s %s\n", template.State, template.Path)
		if template.State != loginbutton.Present {
			exit = exitFail
		}
	}
	if err != nil {
		return fail(err)
	}
	return exit
}
