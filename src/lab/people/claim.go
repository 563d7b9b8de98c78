// SPDX-License-Identifier: Apache-2.0

package people

import (
	"encoding/json"
	"fmt"
)

// claimValue takes JSON arrays, objects, numbers and booleans as such and
// everything else as a string, so that `claim.locale = de` needs no quotes.
func claimValue(text string) any {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil || value == nil {
		return text
	}
	return value
}

// StandardClaims are the claims about this person that the scopes ask for
// (OIDC Core 5.4; groups as Pocket ID does it), without sub.
func (p Person) StandardClaims(scopes []string) map[string]any {
	claims := map[string]any{}
	for _, scope := range scopes {
		switch scope {
		case "profile":
			if p.Name != "" {
				claims["name"] = p.Name
			}
			claims["preferred_username"] = p.Login
		case "email":
			if p.Email != "" {
				claims["email"] = p.Email
				if p.Verified != "" {
					claims["email_verified"] = p.Verified == "true"
				}
			}
		case "groups":
			groups := []any{}
			for _, group := range p.Groups {
				groups = append(groups, group)
			}
			claims["groups"] = groups
		}
	}
	for name, value := range p.Claims {
		claims[name] = value
	}
	return claims
}

// CheckFaults reports the first fault that known does not accept, with where
// it is written.
func (c *Cast) CheckFaults(known func(name string) bool) error {
	for _, fault := range c.Provider.Faults {
		if !known(fault) {
			return fmt.Errorf("[provider]: unknown fault %q; --list-faults prints them", fault)
		}
	}
	for _, p := range c.People {
		for _, fault := range p.Faults {
			if !known(fault) {
				return fmt.Errorf("[%s]: unknown fault %q; --list-faults prints them", p.Login, fault)
			}
		}
	}
	return nil
}
