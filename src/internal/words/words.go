// SPDX-License-Identifier: Apache-2.0

// Package words owns the sentences that the settings page, the shell commands
// and the rpcd plugin say about a check. Each is the English text and, at the
// same time, the key under which the translations in po/ know it: scripts/i18n
// reads the constants of this file, so a sentence is a constant here or it
// stays English. The placeholders are all %s, because the page fills them in
// after translating; for the shell, Fill does. The package says nothing by itself.
package words

// What a check found. The comment after each names its arguments.
const (
	SettingMissing = "“%s” is not filled in." // The field's label, in English.
	SettingInvalid = "“%s” is not valid: %s"  // The field's label, what is wrong.
	SSODisabled    = "SSO is switched off."

	DiscoveryRead      = "The discovery document was read from %s."                                 // URL
	DiscoveryMoved     = "The discovery document was read from %s, where %s leads to."              // URL, URL
	DiscoveryElsewhere = "%s leads to %s, which is not followed: it is another host, or not HTTPS." // URL, URL
	DiscoveryNetwork   = "The provider could not be reached at %s: %s"                              // URL, reason
	DiscoveryStatus    = "The provider answered %s with HTTP status %s."                            // URL, status
	DiscoveryInvalid   = "What %s answers with is no discovery document."                           // URL
	IssuerMatches      = "The provider names itself %s, as configured."                             // issuer
	IssuerMissing      = "The discovery document does not name an issuer."                          //
	IssuerDiffers      = "The provider names itself %s, configured is %s."                          // issuer, configured

	EndpointsGood     = "All endpoints are announced and use HTTPS."
	EndpointMissing   = "The provider does not announce its %s." // name of the endpoint
	EndpointInsecure  = "The %s does not use HTTPS: %s"          // name, URL
	EndpointInvalid   = "The %s is not a usable address: %s"     // name, URL
	NoUserInfo        = "The provider has no UserInfo endpoint; everything must be in the ID token."
	NoEndSession      = "The provider announces no logout: logging out ends the session on the router only."
	KeysUsable        = "The provider publishes %s usable signing keys." // number
	KeyUsable         = "The provider publishes 1 usable signing key."
	KeysUseless       = "The provider publishes no usable signing key: %s"                                  // reason
	KeysUnreadable    = "The signing keys could not be read from %s: %s"                                    // URL, reason
	KeysNoneUsable    = "The provider publishes no signing key for RS256 or ES256."                         //
	AlgorithmsGood    = "ID tokens are signed with %s."                                                     // list
	AlgorithmsBad     = "The provider signs ID tokens only with %s."                                        // list
	AlgorithmsUnknown = "The provider does not say how it signs ID tokens."                                 //
	ScopesGood        = "The provider offers all requested scopes."                                         //
	ScopesMissing     = "The provider does not announce these scopes: %s"                                   // list
	PKCEGood          = "The provider supports PKCE with S256."                                             //
	PKCEUnknown       = "The provider does not announce PKCE with S256."                                    //
	ClaimGroupsAbsent = "The provider does not announce the claim %s, which roles with groups need."        // claim
	ClaimGroupsThere  = "The provider announces the claim %s."                                              // claim
	ClaimGroupsSeen   = "A login has brought the claim %s."                                                 // claim
	ScopeNotAsked     = "Roles need the claim %s, but Scopes lack the scope %s, which the provider offers." // claim, scope
	ClaimsUnknown     = "The provider does not say what it tells about people."
	ScopesUnknown     = "The provider does not say which scopes it offers."
	RefreshSeen       = "The last login brought a refresh token."
	RefreshAbsent     = "No refresh token can be expected, so that the provider cannot be asked again."
	RefreshUnknown    = "Whether logins bring a refresh token shows at the next one."
	KindAbsent        = "The role %s asks for the acr %s, which the provider does not announce. Known are: %s" // role, list, list
	NoRoleUsesGroups  = "No role asks for groups."

	CredentialsGood    = "Client ID and Client Secret were accepted (%s)."                                                                         // method
	CredentialsBad     = "The provider refuses the Client ID or the Client Secret (%s)."                                                           // reason
	CredentialsOther   = "The provider refuses Client ID and Client Secret as %s, but accepts them as %s."                                         // method, method
	CredentialsAlike   = "Whether the Client Secret is right will show at the first login: the provider answers a wrong one in the same way (%s)." // reason
	CredentialsUnknown = "Whether the Client Secret is right could not be checked: %s"                                                             // reason
	ClientGood         = "The provider accepts this client (%s)."                                                                                  // method
	ClientBad          = "The provider refuses this client (%s)."                                                                                  // reason
	ClientOffers       = "The provider offers for it: %s"                                                                                          // list
	ProductSeen        = "This looks like what was measured as %s. Seen to work: %s. Seen not to work: %s."                                        // product and version, list, list
	ProductRefuses     = "%s was seen not to work with %s."                                                                                        // option, product and version
	ProductKeeps       = "At %s, a refresh went on for people who were disabled there."                                                            // product and version
	ClientUnknown      = "Whether the provider accepts this client will show at the first login (%s)."                                             // reason
	AuthMethodBad      = "The provider does not offer %s for client authentication."                                                               // method
	RedirectGood       = "The provider accepts the Redirect URI %s."                                                                               // URI
	RedirectBad        = "The provider does not accept the Redirect URI %s."                                                                       // URI
	RedirectRefused    = "The provider refuses a login with the Redirect URI %s: %s"                                                               // URI, reason
	RedirectUnknown    = "Whether the provider knows the Redirect URI %s will show at the first login."                                            // URI
	HostNotOwn         = "A login that starts at %s is refused: the name is not known as this router's own."                                       // host

	ClockGood    = "The clocks of router and provider agree to %s seconds."                    // seconds
	ClockOff     = "The clocks of router and provider differ by %s seconds; %s are tolerated." // seconds, tolerance
	ClockUnknown = "The provider's answer carries no date to compare the clock with."

	CertificateGood      = "The provider's certificate is trusted and valid until %s." // date
	CertificateSoon      = "The provider's certificate expires on %s."                 // date
	CertificateExpired   = "The provider's certificate expired on %s."                 // date
	CertificateEarly     = "The provider's certificate is not valid before %s."        // date
	CertificateUntrusted = "The provider's certificate is not trusted: %s"             // reason
	CertificateName      = "The provider's certificate is not for %s."                 // host
	CAFileUnreadable     = "The CA file %s could not be read."                         // path

	AtHashExpected = "ID tokens should carry at_hash."
	AtHashAbsent   = "The provider does not announce at_hash; logins are accepted without it."
	AtHashRequired = "at_hash is required here, but the provider does not announce it."
	EmailExpected  = "The provider announces email and email_verified; an address without this flag does not count."
	EmailUnmarked  = "The provider does not announce email_verified: if it sends the flag, it counts; without it the address is taken as it comes."
	EmailRequired  = "A verified e-mail address is required here, but the provider does not announce email_verified."
	EmailSeen      = "A login has brought an e-mail address."
	EmailAbsent    = "The provider does not announce an e-mail address."

	NotRun = "Not checked, because an earlier check failed."

	ButtonThere    = "The login page of theme %s carries the button."        // theme
	ButtonMissing  = "The login page of theme %s does not carry the button." // theme
	RolesSynced    = "The rights of all roles are known to rpcd."
	RolesDiffer    = "rpcd's rights differ from the configuration for these roles: %s" // list
	NoRoles        = "There is no role: nobody can log in."
	HostOwn        = "Logins may start at these names and addresses of this router: %s"                           // list
	HostLeads      = "The Redirect URI leads to this router: %s"                                                  // host
	HostForeign    = "The Redirect URI names %s, which is not known as this router's own: logins go there first." // host
	RoleBroken     = "The role %s gives nothing to anybody until it is mended: %s"                                // role, what is wrong
	NobodyListed   = "No role lists anybody: nobody can log in."
	SomebodyListed = "There are roles that list people."
	RightsPlain    = "No role reads more than its lists say."
	RightsReading  = "These roles can read the client secret or passwords, although they may not change these settings: %s" // role (group), …
	RightsUnsaving = "These roles may change settings, but cannot save them: %s"                                            // role (group), …
	RootRoles      = "Who has one of these roles can become root (%s)."                                                     // list
	RootNobody     = "No role leads to root."
	UnknownOptions = "These options are not known and do nothing: %s" // list
	OptionsKnown   = "All options are known."
	NoHTTPS        = "The router's web server offers no HTTPS, which logging in needs."
	ConfigGood     = "The configuration is complete."
	ConfigBad      = "The configuration is not usable: %s" // reason
)

// What the rights of a role amount to.
const (
	RightsSecret    = "%s lets people read the client secret or passwords, although they may not change these settings: %s" // group, rights
	RightsRoot      = "%s amounts to the powers of root, by: %s"                                                            // group, rights
	RightsUnsaved   = "The configurations %s may be changed, but not saved: that needs the group %s in full."               // list, group
	RightsUnsavable = "The configurations %s may be changed, but not saved: no group of this router allows that."           // list
)

// What to do about it.
const (
	FillIn              = "Fill in the field and try again."
	CheckReachable      = "Check the address, the router's DNS and its firewall: the router itself must reach the provider."
	AllowRebind         = "Check the router's DNS. If the name has a private address, dnsmasq hides it (rebind protection): enter the name as Domain whitelist under Network > DHCP and DNS."
	OfferTLS            = "Let the provider, or the proxy in front of it, offer TLS 1.2 or 1.3."
	OfferECDHE          = "Let the provider, or the proxy in front of it, offer key exchange with ECDHE."
	UseAnsweringAddress = "Enter the Issuer URL under which the provider answers by itself."
	SetPublicAddress    = "The provider names itself by the address that it is asked at. Set its public address in its own settings, or leave Internal Issuer URL empty and let the router's DNS lead the public name to it."
	TryLogin            = "Try a login; if it fails, the system log says why."
	CheckIssuerURL      = "Check the Issuer URL and that the provider is running."
	CopyIssuer          = "Enter the Issuer URL exactly as the provider names itself, with or without the slash at the end."
	AskProvider         = "Ask the provider's administrator: this has to be corrected at the provider."
	PublishHTTPS        = "Give the provider its public https:// address in its own settings; a reverse proxy often hides it."
	ChooseAlgorithm     = "Choose RS256 or ES256 for signing ID tokens at the provider."
	CheckScopes         = "Compare Scopes with what the provider offers."
	CopyCredentials     = "Copy Client ID and Client Secret from the provider again; a newly generated secret replaces the old one."
	ChooseAuthMethod    = "Set “Client authentication” to automatic or to what the provider expects."
	RegisterRedirect    = "Enter exactly this address as callback or redirect URL at the provider."
	SyncClock           = "Enable the NTP client under System > System on the router and check the provider's clock."
	RenewCertificate    = "Renew the certificate at the provider."
	TrustCA             = "Install the CA certificate on the router and enter its path as CA file."
	UseCertificateName  = "Use the name the certificate was issued for, or get one that names this host."
	CheckCAFile         = "Check the path; it must be a readable PEM file."
	RelaxAtHash         = "Set “Token binding (at_hash)” to automatic."
	RelaxEmailVerified  = "Switch off “Require verified e-mail” or map people by group or subject."
	AskForScope         = "Add this scope to Scopes."
	MapByGroup          = "Add the scope email, or map people by group or subject."
	GetRefresh          = "Add offline_access to Scopes, for some also prompt=consent to Further parameters, or allow refresh tokens for this client at the provider."
	LimitSessions       = "Set “Longest session”: sessions then end, whatever the provider does."
	AnnounceGroups      = "Add the scope or mapping that puts groups into the token at the provider, and check Groups claim."
	RunService          = "Run on the router: /etc/init.d/luci-sso restart"
	InstallCABundle     = "Install the package ca-bundle on the router."
	AddRole             = "Add a role to the table of roles."
	CheckHost           = "Enter the address under which people open this router as Redirect URI. If it leads here through a proxy, add its host to “Names of this router”."
	EnableHTTPS         = "Install luci-ssl or configure an HTTPS listener for uhttpd."
	MendRole            = "Correct this entry of the role."
	ListPeople          = "Edit a role in the table of roles and enter an e-mail address, a group or a subject."
	LeaveOutGroups      = "Take these groups out of the role: choose “individual” as access level, or add them to the list read with ! in front."
	AddSavingGroup      = "Give the role this group in full."
	CorrectOptions      = "Correct or remove them; the nearest known name stands behind each."
)
