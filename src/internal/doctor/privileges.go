// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"os"
	"strconv"
	"strings"

	"luci-sso/internal/paths"
)

// privileges looks whether the web server can start the program as root. Whoever asks
// the doctor is root, so what counts is who the server is. nginx is not looked
// at: its workers are nobody by right, and leave scripts to uwsgi.
func privileges() *Check {
	processes := paths.At("/proc")
	entries, err := os.ReadDir(processes)
	if err != nil {
		return row("root", Skip, "The running programs could not be read.")
	}
	for _, entry := range entries {
		if strings.Trim(entry.Name(), "0123456789") != "" {
			continue
		}
		name, user := process(processes + "/" + entry.Name() + "/status")
		if (name == "uhttpd" || name == "uwsgi") && user > 0 {
			return row("root", Fail, "The web server %s runs as user %s and cannot start this program as root.", name, strconv.Itoa(user)).
				paste("ps w | grep " + name + "; uci show " + name)
		}
	}
	if os.Geteuid() != 0 {
		return row("root", Fail, "This program runs as user %s, not as root.", strconv.Itoa(os.Geteuid()))
	}
	return row("root", Pass, "The program runs as root.")
}

// process reads a program's name and effective user; -1 when it is gone.
func process(status string) (name string, user int) {
	text, err := os.ReadFile(status)
	if err != nil {
		return "", -1
	}
	user = -1
	for _, line := range strings.Split(string(text), "\n") {
		key, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		switch {
		case key == "Name" && len(fields) > 0:
			name = fields[0]
		case key == "Uid" && len(fields) > 1:
			if n, err := strconv.Atoi(fields[1]); err == nil {
				user = n
			}
		}
	}
	return name, user
}
