// SPDX-License-Identifier: Apache-2.0

package config

import "time"

// Ends are the options by which sessions end that their owners do not end.
type Ends struct {
	SessionLifetime   time.Duration // 0: none.
	BackchannelLogout bool          // The provider may end sessions.
	Revalidate        time.Duration // How often the provider is asked about a session; 0: never.
	RevalidateGrace   time.Duration // For how long it need not answer.
}

func (r *reader) ends() Ends {
	return Ends{
		SessionLifetime:   time.Duration(r.number("session_lifetime")) * time.Second,
		BackchannelLogout: r.choice("backchannel_logout") == "1",
		Revalidate:        time.Duration(r.number("revalidate")) * time.Second,
		RevalidateGrace:   time.Duration(r.number("revalidate_grace")) * time.Second,
	}
}

// Timed reports whether an option asks for something that has to happen in
// time, without anybody's request.
func (e Ends) Timed() bool { return e.SessionLifetime > 0 || e.Revalidate > 0 }

// Timed reports whether that goes for any of the providers in the file.
func Timed(path string) bool {
	for _, name := range Sections(path) {
		if c, err := Parse(path, name); err == nil && c.Timed() {
			return true
		}
	}
	return false
}
