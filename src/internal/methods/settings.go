// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/paths"
	"luci-sso/internal/uci"
)

// SettingsReply is the committed configuration without the secret.
type SettingsReply struct {
	Options   map[string]string `json:"options"`
	SecretSet bool              `json:"client_secret_set"`
	Roles     []reply           `json:"roles"`
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
	roles, _ := config.Roles(paths.Config())
	reply := SettingsReply{Options: map[string]string{}, Roles: Roles(roles), Providers: map[string]ProviderSettings{}}
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

// Roles are roles as the page has them: what stands in their sections, by the
// names there, and what is wrong with them.
func Roles(roles []config.Role) []reply {
	list := []reply{}
	for i := range roles {
		r := &roles[i]
		shown := reply{"name": r.Name, "fault": r.FaultOf()}
		for _, name := range config.RoleLists {
			shown[name] = some(r.List(name))
		}
		for _, name := range config.RoleOptions {
			shown[name] = strings.Join(r.List(name), "")
		}
		list = append(list, shown)
	}
	return list
}
