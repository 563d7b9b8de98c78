// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"context"
	"slices"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/ending"
	"luci-sso/internal/paths"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
)

// Session is a live session of somebody who came through single sign-on.
type Session struct {
	ID       string `json:"id"` // Names the session without opening it.
	Role     string `json:"role"`
	Name     string `json:"name"`
	Issuer   string `json:"issuer"`
	Login    int64  `json:"login"`    // Unix seconds.
	Expires  int64  `json:"expires"`  // Seconds until it ends for idleness; -1 when that is not known.
	Own      bool   `json:"own"`      // The asker's.
	LogName  string `json:"log_name"` // How the log and the events call the person.
	Provider string `json:"provider"` // Section of the configuration.
	// Unix seconds: when it ends in any case, and when the provider last stood
	// by it. 0 where no option asks for that.
	Until     int64 `json:"until"`
	Confirmed int64 `json:"confirmed"`
}

// Sessions lists the sessions, newest first. own is the id of the asker's. cut
// says that rpcd has more than its list can show: those it does not show are
// there as well, without the time they have left, and may have ended.
func Sessions(ctx context.Context, own string) (list []*Session, cut bool, err error) {
	manager := session.OnRouter()
	defer manager.Close()
	found, cut, err := manager.List(ctx)
	if err != nil {
		return nil, false, err
	}
	list = []*Session{}
	for _, s := range found {
		list = append(list, &Session{
			ID: s.Handle(), Role: s.Role, Name: s.Name, Issuer: s.Issuer, Login: s.Login.Unix(),
			Expires: seconds(s.Expires), Own: s.ID.Equal(secret.New(own)), LogName: logName(s.Subject), Provider: s.Provider,
		})
	}
	timed(manager, list)
	slices.SortFunc(list, func(a, b *Session) int {
		switch {
		case a.Login > b.Login:
			return -1
		case a.Login < b.Login:
			return 1
		}
		return 0
	})
	return list, cut, nil
}

// timed adds until when the sessions last and when they were confirmed. Their
// files are read only where an option asks for that.
func timed(manager *session.Manager, list []*Session) {
	settings := ending.Settings(paths.Config())
	if !config.Timed(paths.Config()) {
		return
	}
	now, date := session.Now(), time.Now()
	kept, _ := manager.Kept()
	for _, k := range kept {
		c, id := settings(k.Provider), session.Handle(k.ID.Reveal())
		i := slices.IndexFunc(list, func(s *Session) bool { return s.ID == id })
		if i < 0 || k.Over || c == nil {
			continue
		}
		if end := ending.Deadline(k.Record, c); end != 0 {
			list[i].Until = end.Date(now, date).Unix()
		}
		if c.Seconds("revalidate") > 0 {
			list[i].Confirmed = k.Confirmed.Date(now, date).Unix()
		}
	}
}

func seconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Second)
}

// logName is how the log calls a subject.
func logName(subject string) string {
	if subject == "" {
		return ""
	}
	return secret.Fingerprint(subject)
}

// EndSession ends the session with this handle; false when there is none.
func EndSession(ctx context.Context, id string) (bool, error) {
	if !session.IsHandle(id) {
		return false, bad("id is not 16 hexadecimal digits")
	}
	manager := session.OnRouter()
	defer manager.Close()
	return manager.End(ctx, id)
}
