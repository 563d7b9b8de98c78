// SPDX-License-Identifier: Apache-2.0

// Package bridge owns what the program tells and does for OpenWrt's own world:
// one function per method, which answers the settings page through rpcd, a
// ucode script and a person at a shell alike. Plain data goes in and comes
// out; the doors (rpcd plugin, commands) only carry it.
//
// Arguments are hostile until Call has checked them against the table of
// methods. No reply carries the client secret or the id of a live session.
package bridge

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/ending"
	"luci-sso/internal/events"
	"luci-sso/internal/paths"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
	"luci-sso/internal/uci"
	"luci-sso/internal/version"
)

// StatusReply says how things stand.
type StatusReply struct {
	Version   string          `json:"version"`
	Enabled   bool            `json:"enabled"` // option enabled is 1.
	Ready     bool            `json:"ready"`   // And the configuration can be used.
	Issuer    string          `json:"issuer"`
	Providers []string        `json:"providers"` // Those that are enabled.
	Button    bool            `json:"button"`    // In the login page of every theme.
	Checks    []*doctor.Check `json:"checks"`
	Sessions  int             `json:"sessions"`
	LastLogin int64           `json:"last_login"` // Unix seconds; 0 for never.
	LastError int64           `json:"last_error"`
}

// Status asks nobody but rpcd, whose silence it survives.
func Status(ctx context.Context) StatusReply {
	reply := StatusReply{Version: version.Version, Button: true, Checks: doctor.Router()}
	reply.Providers = some(config.Enabled(paths.Config()))
	if pkg, err := uci.Load(paths.Config()); err == nil {
		if section, ok := pkg.Lookup(config.Section); ok {
			enabled, _ := section.Get("enabled")
			reply.Enabled = enabled == "1"
			reply.Issuer, _ = section.Get("issuer_url")
		}
	}
	for _, check := range reply.Checks {
		switch {
		case check.ID == "config" && check.Provider == "":
			reply.Ready = check.Status == doctor.Pass
		case check.ID == "button" && check.Status != doctor.Pass:
			reply.Button = false
		}
	}
	if sessions, _, err := Sessions(ctx, ""); err == nil {
		reply.Sessions = len(sessions)
	}
	for _, e := range events.List(paths.Events()) {
		switch {
		case e.Kind == events.Login && reply.LastLogin == 0:
			reply.LastLogin = e.Time
		case e.Kind == events.Error && reply.LastError == 0:
			reply.LastError = e.Time
		}
	}
	return reply
}

// Role is a role as the page and UCI know it.
type Role struct {
	Name   string   `json:"name"`
	Emails []string `json:"email"`
	Groups []string `json:"group"`
	Subs   []string `json:"sub"`
	// The further conditions, as they stand in the file.
	Domains []string `json:"email_domain"`
	Claims  []string `json:"claim"`
	Match   string   `json:"match"`
	ACR     []string `json:"acr"`
	AMR     []string `json:"amr"`
	MaxAge  string   `json:"max_age"`
	// Whose people it is for.
	Providers []string `json:"provider"`
	Read      []string `json:"read"`
	Write     []string `json:"write"`
	// What is wrong in it: then it gives nothing to anybody. "" when nothing is.
	Fault string `json:"fault"`
}

// list is what the role has under a name of config.RoleLists.
func (r *Role) list(name string) []string {
	switch name {
	case "match":
		return oneOrNone(r.Match)
	case "max_age":
		return oneOrNone(r.MaxAge)
	}
	if list := r.field(name); list != nil {
		return *list
	}
	return nil
}

// field is where a list is kept; nil for what is none.
func (r *Role) field(name string) *[]string {
	switch name {
	case "email":
		return &r.Emails
	case "group":
		return &r.Groups
	case "sub":
		return &r.Subs
	case "email_domain":
		return &r.Domains
	case "claim":
		return &r.Claims
	case "acr":
		return &r.ACR
	case "amr":
		return &r.AMR
	case "provider":
		return &r.Providers
	case "read":
		return &r.Read
	case "write":
		return &r.Write
	}
	return nil
}

func oneOrNone(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// SettingsReply is the committed configuration without the secret.
type SettingsReply struct {
	Options   map[string]string `json:"options"`
	SecretSet bool              `json:"client_secret_set"`
	Roles     []Role            `json:"roles"`
	// Further providers, by their section.
	Providers map[string]ProviderSettings `json:"providers"`
}

// ProviderSettings are the options of one further provider.
type ProviderSettings struct {
	Options   map[string]string `json:"options"`
	SecretSet bool              `json:"client_secret_set"`
}

// Settings reads the configuration for people who may not read it themselves.
// A file that is not there or broken has no settings.
func Settings() SettingsReply {
	reply := SettingsReply{Options: map[string]string{}, Roles: Roles(), Providers: map[string]ProviderSettings{}}
	pkg, err := uci.Load(paths.Config())
	if err != nil {
		return reply
	}
	for _, name := range config.Sections(paths.Config()) {
		section, _ := pkg.Lookup(name)
		if section == nil {
			continue
		}
		p := providerSettings(section)
		if name == config.Section {
			reply.Options, reply.SecretSet = p.Options, p.SecretSet
		} else {
			reply.Providers[name] = p
		}
	}
	return reply
}

func providerSettings(section *uci.Section) ProviderSettings {
	reply := ProviderSettings{Options: map[string]string{}}
	for _, option := range section.Options {
		value := strings.Join(option.Values, " ")
		// Only what is known: an option with a typing error in its name could
		// hold the secret.
		switch row, ok := config.LookupOption(option.Name); {
		case !ok:
		case row.Kind == config.Secret:
			reply.SecretSet = value != ""
		default:
			reply.Options[option.Name] = value
		}
	}
	return reply
}

// Roles lists the configured roles in their order.
func Roles() []Role {
	list := []Role{}
	roles, err := config.Roles(paths.Config())
	if err != nil {
		return list
	}
	for _, r := range roles {
		list = append(list, shown(&r))
	}
	return list
}

// shown is a role of the configuration as the doors show it.
func shown(r *config.Role) Role {
	s := Role{
		Name: r.Name, Emails: some(r.Emails), Groups: some(r.Groups), Subs: some(r.Subjects),
		Domains: some(r.Domains), Claims: []string{}, ACR: some(r.ACR), AMR: some(r.AMR),
		Providers: some(r.Providers),
		Read:      some(r.Read), Write: some(r.Write), Fault: r.FaultOf(),
	}
	for _, c := range r.Claims {
		s.Claims = append(s.Claims, c.String())
	}
	if r.All {
		s.Match = "all"
	}
	if r.MaxAge > 0 {
		s.MaxAge = strconv.Itoa(int(r.MaxAge / time.Second))
	}
	return s
}

// some makes a list that JSON writes as [] when it is empty.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// Group is an access group of this router.
type Group struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Read        bool     `json:"read"`
	Write       bool     `json:"write"`
	Packages    []string `json:"packages"` // File names without .json.
}

// AccessGroups lists the access groups of this router by name.
func AccessGroups() []Group {
	groups, _ := acl.ReadGroups(paths.AccessGroups())
	list := []Group{}
	for _, d := range acl.Describe(groups) {
		sort.Strings(d.Files)
		list = append(list, Group{d.Name, d.Description, d.Read, d.Write, d.Files})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

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
func Sessions(ctx context.Context, own string) (list []Session, cut bool, err error) {
	manager := session.OnRouter()
	defer manager.Close()
	found, cut, err := manager.List(ctx)
	if err != nil {
		return nil, false, err
	}
	list = []Session{}
	for _, s := range found {
		list = append(list, Session{
			ID: s.Handle(), Role: s.Role, Name: s.Name, Issuer: s.Issuer, Login: s.Login.Unix(),
			Expires: seconds(s.Expires), Own: s.ID.Equal(secret.New(own)), LogName: logName(s.Subject), Provider: s.Provider,
		})
	}
	timed(manager, list)
	sort.Slice(list, func(i, j int) bool { return list[i].Login > list[j].Login })
	return list, cut, nil
}

// timed adds until when the sessions last and when they were confirmed. Their
// files are read only where an option asks for that.
func timed(manager *session.Manager, list []Session) {
	settings := ending.Settings(paths.Config())
	if !config.Timed(paths.Config()) {
		return
	}
	now, date := session.Now(), time.Now()
	kept, _ := manager.Kept()
	for _, k := range kept {
		c, id := settings(k.Provider), session.Handle(k.ID.Reveal())
		i := slices.IndexFunc(list, func(s Session) bool { return s.ID == id })
		if i < 0 || k.Over || c == nil {
			continue
		}
		if end := ending.Deadline(k.Record, c); end != 0 {
			list[i].Until = end.Date(now, date).Unix()
		}
		if c.Revalidate > 0 {
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
	manager := session.OnRouter()
	defer manager.Close()
	return manager.End(ctx, id)
}

// Ended reads end_session's reply.
func Ended(result any) bool {
	table, _ := result.(reply)
	ended, _ := table["ended"].(bool)
	return ended
}
