// SPDX-License-Identifier: Apache-2.0

// Package people owns the lab's cast: who can sign in at the lab's identity
// provider, what the provider says about them, and which faults it has. The
// cast is read from an INI file that a person edits; the package neither
// signs anybody in nor knows what a fault does.
package people

import (
	_ "embed"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/ini.v1"
)

// Example is the file the lab starts with, ready to be edited.
//
//go:embed people.ini
var Example []byte

// Person is somebody who can sign in.
type Person struct {
	Login    string // Section name, unique: "alice".
	Subject  string // sub claim; the login when the file names none.
	Name     string
	Email    string // "" sends no e-mail claim.
	Verified string // email_verified: "true", "false", or "" to leave the claim out.
	Groups   []string
	Claims   map[string]any // Additional claims; JSON values are taken as such.
	Faults   []string       // Names of faults that apply to this person's logins.
	About    string         // One line for the login page.
}

// Provider holds the settings of the [provider] section.
type Provider struct {
	ClientID, ClientSecret string
	Algorithm              string   // RS256 or ES256.
	Faults                 []string // Names of faults that are on from the start.
}

// Cast is a whole file.
type Cast struct {
	Provider Provider
	People   []Person // In the order of the file.
}

// Default is the cast of Example.
func Default() *Cast {
	cast, err := Parse("built-in people.ini", Example)
	if err != nil {
		panic(err) // A test parses it.
	}
	return cast
}

// Load reads a file.
func Load(path string) (*Cast, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse reads the text of a file. name is how errors call it.
func Parse(name string, data []byte) (*Cast, error) {
	file, err := ini.LoadSources(ini.LoadOptions{
		SpaceBeforeInlineComment:   true,
		AllowDuplicateShadowValues: false,
	}, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	cast := &Cast{Provider: Provider{ClientID: "luci-router", ClientSecret: "lab-secret", Algorithm: "RS256"}}
	seen := map[string]string{}
	for _, section := range file.Sections() {
		switch {
		case section.Name() == ini.DefaultSection:
			if keys := section.KeyStrings(); len(keys) > 0 {
				return nil, fmt.Errorf("%s: %q stands before any [section]; put it into [provider] or a person", name, keys[0])
			}
		case section.Name() == "provider":
			if err := cast.Provider.read(section); err != nil {
				return nil, fmt.Errorf("%s: [provider]: %w", name, err)
			}
		default:
			person, err := readPerson(section)
			if err != nil {
				return nil, fmt.Errorf("%s: [%s]: %w", name, section.Name(), err)
			}
			if other, taken := seen[person.Subject]; taken {
				return nil, fmt.Errorf("%s: [%s] and [%s] have the same sub %q; a provider never does that", name, other, person.Login, person.Subject)
			}
			seen[person.Subject] = person.Login
			cast.People = append(cast.People, person)
		}
	}
	if len(cast.People) == 0 {
		return nil, fmt.Errorf("%s: nobody in it; add a section such as [alice] with an email", name)
	}
	return cast, nil
}

func (p *Provider) read(section *ini.Section) error {
	for _, key := range section.Keys() {
		switch key.Name() {
		case "client_id":
			p.ClientID = key.String()
		case "client_secret":
			p.ClientSecret = key.String()
		case "algorithm":
			p.Algorithm = key.String()
			if p.Algorithm != "RS256" && p.Algorithm != "ES256" {
				return fmt.Errorf("algorithm is RS256 or ES256, not %q", p.Algorithm)
			}
		case "faults":
			p.Faults = list(key.String())
		default:
			return unknown(key.Name(), "client_id", "client_secret", "algorithm", "faults")
		}
	}
	if p.ClientID == "" || p.ClientSecret == "" {
		return fmt.Errorf("client_id and client_secret cannot be empty")
	}
	return nil
}

func readPerson(section *ini.Section) (Person, error) {
	p := Person{Login: section.Name(), Subject: section.Name(), Claims: map[string]any{}}
	for _, key := range section.Keys() {
		value := key.String()
		claim, isClaim := strings.CutPrefix(key.Name(), "claim.")
		switch {
		case isClaim && claim != "":
			p.Claims[claim] = claimValue(value)
		case key.Name() == "sub":
			p.Subject = value
		case key.Name() == "name":
			p.Name = value
		case key.Name() == "email":
			p.Email = value
		case key.Name() == "email_verified":
			if value != "" {
				verified, err := strconv.ParseBool(value)
				if err != nil {
					return p, fmt.Errorf("email_verified is true, false or empty, not %q", value)
				}
				value = strconv.FormatBool(verified)
			}
			p.Verified = value
		case key.Name() == "groups":
			p.Groups = list(value)
		case key.Name() == "faults":
			p.Faults = list(value)
		case key.Name() == "about":
			p.About = value
		default:
			return p, unknown(key.Name(), "sub", "name", "email", "email_verified", "groups", "claim.<name>", "faults", "about")
		}
	}
	if p.Subject == "" {
		return p, fmt.Errorf("sub cannot be empty; leave the line out to use the section's name")
	}
	return p, nil
}

// Find looks a person up by login.
func (c *Cast) Find(login string) (Person, bool) {
	for _, p := range c.People {
		if p.Login == login {
			return p, true
		}
	}
	return Person{}, false
}

// Logins lists all logins in the order of the file.
func (c *Cast) Logins() []string {
	var logins []string
	for _, p := range c.People {
		logins = append(logins, p.Login)
	}
	return logins
}

func unknown(key string, known ...string) error {
	sort.Strings(known)
	return fmt.Errorf("unknown key %q; known are %s", key, strings.Join(known, ", "))
}

func list(value string) []string {
	var items []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
