// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"

	"luci-sso/internal/fault"
)

// Kind says what values an option takes.
type Kind uint8

// The kinds. All but List are one value.
const (
	Flag     Kind = iota // 0 or 1.
	Choice               // One of Values, of which one is the default.
	Number               // A whole number from Low to High.
	URL                  // An absolute https URL without user, query and fragment.
	QueryURL             // The same, with a query if need be.
	Path                 // An absolute path.
	Text                 // Anything that has each of Values as a word.
	Secret               // Anything, and never shown.
	List                 // Any number of texts: `list`, not `option`.
)

// Option is one option of the settings: a row of the only table of them.
// Parsing, the shipped file, the reference, the page's fields, the rpcd
// methods and the check for misspelt names all go by it.
type Option struct {
	Name     string
	Kind     Kind
	Default  string // What an unset option means; "" for nothing.
	Required bool   // It has to be set. Default is then what the package ships.
	Example  string // Stands, commented out, in the shipped file where there is no Default.
	Values   []string
	Low      int        // The smallest number.
	High     int        // The largest number; the most characters of a text, 0 for any.
	Insecure fault.Code // What an address is that is not https; "" for CONFIG_ERROR.
	Label    string     // The field's name on the page, and in what the checks say.
	Help     string     // One sentence for the page, the shipped file and the reference.
	Tested   bool       // Test connection takes it from the form.
	Global   bool       // It is for all providers, and stands in the section default.
	// It makes logging in harder. Under a misspelt name it would not, without a
	// word; so such a name is refused.
	Restricts bool
}

// MaxClockTolerance is the largest value of option clock_tolerance, in seconds.
const MaxClockTolerance = 3600

var onOff = []string{"0", "1"}

// Options are the options of the section with the settings, in the order of
// the shipped file.
var Options = [...]Option{
	{Name: "enabled", Kind: Flag, Default: "0", Values: onOff, Label: "Enable SSO",
		Help: "Offers “Login with SSO” on the login page."},
	{Name: "issuer_url", Kind: URL, Required: true, Example: "https://id.example.com", Label: "Issuer URL", Tested: true, Insecure: fault.InsecureIssuerURL,
		Help: "The address of the provider, exactly as it names itself."},
	{Name: "internal_issuer_url", Kind: URL, Example: "https://id.lan", Label: "Internal Issuer URL", Tested: true, Insecure: fault.InsecureFetchURL,
		Help: "Where the router reaches the provider, if not under the Issuer URL."},
	{Name: "client_id", Kind: Text, Required: true, Example: "router", Label: "Client ID", Tested: true,
		Help: "The name under which the provider knows this router."},
	{Name: "client_secret", Kind: Secret, Required: true, Example: "example", Label: "Client Secret", Tested: true,
		Help: "The password that belongs to the Client ID."},
	{Name: "redirect_uri", Kind: QueryURL, Example: "https://router.example.com/cgi-bin/luci-sso/callback", Label: "Redirect URI", Tested: true,
		Help: "Where the provider sends people back to. Enter the same address at the provider."},
	{Name: "host", Kind: List, Example: "router.example.com", Label: "Names of this router", Global: true,
		Help: "More addresses at which a login may start while Redirect URI is empty: names that the router cannot know of itself."},
	{Name: "scope", Kind: Text, Default: "openid profile email", Values: []string{"openid"}, Label: "Scopes", Tested: true,
		Help: "What is asked of the provider about a person, separated by spaces."},
	{Name: "auth_param", Kind: List, Example: "prompt=select_account", Label: "Further parameters",
		Help: "What else is asked of the provider at each sign-in, as name=value."},
	{Name: "clock_tolerance", Kind: Number, Required: true, Default: "60", High: MaxClockTolerance, Label: "Clock tolerance", Global: true, Tested: true,
		Help: "By how many seconds the clocks of router and provider may differ."},
	{Name: "ca_file", Kind: Path, Example: "/etc/ssl/my-ca.pem", Label: "CA file", Tested: true, Restricts: true,
		Help: "A PEM file with the only CA to trust for the provider; empty means the CAs of the router."},
	{Name: "groups_claim", Kind: Text, Default: "groups", Label: "Groups claim", Tested: true,
		Help: "The claim that lists the groups of a person; dots lead into nested claims, and \\. is a dot within a name."},
	{Name: "require_at_hash", Kind: Choice, Default: "auto", Values: []string{"auto", "1", "0"}, Label: "Token binding (at_hash)", Tested: true, Restricts: true,
		Help: "Whether the ID token must name the access token it came with."},
	{Name: "require_email_verified", Kind: Flag, Default: "0", Values: onOff, Label: "Require verified e-mail", Tested: true, Restricts: true,
		Help: "Accepts an e-mail address only if the provider says that it is verified."},
	{Name: "token_auth_method", Kind: Choice, Default: "auto", Values: []string{"auto", "client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
		Label: "Client authentication", Tested: true,
		Help: "How the router proves to the provider who it is."},
	{Name: "par", Kind: Choice, Default: "auto", Values: []string{"auto", "1", "0"}, Label: "Pushed requests (PAR)", Tested: true,
		Help: "Whether the router hands a login's request to the provider itself, instead of through the browser."},
	{Name: "serve_jwks", Kind: Flag, Default: "0", Values: onOff, Label: "Publish the public key", Global: true,
		Help: "Lets the provider fetch this router's public key from it."},
	{Name: "session_cookie_path", Kind: Choice, Default: "/", Values: []string{"/", "/cgi-bin"}, Label: "Session cookie path", Global: true,
		Help: "Where the browser sends the session: /cgi-bin keeps it from other services of this host name."},
	{Name: "session_lifetime", Kind: Number, Default: "0", High: 31536000, Label: "Longest session", Restricts: true,
		Help: "After how many seconds a session ends, in use or not; 0 means never."},
	{Name: "backchannel_logout", Kind: Flag, Default: "0", Values: onOff, Label: "Logout by the provider", Tested: true, Restricts: true,
		Help: "Ends the sessions here of whoever signs out at the provider; enter the address below there."},
	{Name: "revalidate", Kind: Number, Default: "0", High: 86400, Label: "Ask the provider again", Tested: true, Restricts: true,
		Help: "Every how many seconds the provider is asked whether a sign-in still holds; 0 means never, 300 is a good start."},
	{Name: "revalidate_grace", Kind: Number, Default: "3600", High: 604800, Label: "Patience with the provider",
		Help: "For how many seconds the provider need not answer before a session ends."},
	{Name: "rate_limit", Kind: Number, Default: "50", Low: 1, High: 100000, Label: "Requests per window", Global: true,
		Help: "How many requests all clients together may send in one window."},
	{Name: "rate_window", Kind: Number, Default: "60", Low: 1, High: 3600, Label: "Window", Global: true,
		Help: "The length of the window in seconds."},
	{Name: "rate_limit_per_client", Kind: Number, Default: "0", High: 100000, Label: "Requests per client", Global: true,
		Help: "How many of them one client may send; 0 means no limit of its own."},
	{Name: "provider_logout", Kind: Flag, Default: "1", Values: []string{"1", "0"}, Label: "Log out at the provider",
		Help: "Whether logging out of the router logs out at the provider, too."},
	{Name: "post_logout_redirect_uri", Kind: QueryURL, Example: "https://router.example.com/", Label: "Address after logout",
		Help: "Where the provider sends people after logging out; it must be registered there."},
	{Name: "label", Kind: Text, High: 64, Example: "Sign in with Example", Label: "Text of the button",
		Help: "What the button on the login page says; empty means “Login with SSO”."},
	{Name: "auto_login", Kind: Flag, Default: "0", Values: onOff, Label: "Straight to the provider",
		Help: "The login page goes to the provider by itself; /cgi-bin/luci/?password still asks for the password."},
}

// RoleLists are the lists of a role's section, and its options.
var RoleLists = []string{"email", "group", "sub", "email_domain", "claim", "match", "acr", "amr", "max_age", "provider", "read", "write"}

// RoleOptions are those of RoleLists that have one value.
var RoleOptions = []string{"match", "max_age"}

// LookupOption finds an option of the settings by its name.
func LookupOption(name string) (Option, bool) {
	i := slices.IndexFunc(Options[:], func(o Option) bool { return o.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return Options[i], true
}

// place is where the row of an option stands, for names that stand in the
// program: a test sees to it that they all have one.
func place(name string) int {
	for i := range Options {
		if Options[i].Name == name {
			return i
		}
	}
	panic("config: no row for option " + name)
}

// unset is what it means that the option is not set; "" when that is a mistake.
func (o *Option) unset() string {
	if o.Required {
		return ""
	}
	return o.Default
}
