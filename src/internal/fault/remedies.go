// SPDX-License-Identifier: Apache-2.0

package fault

// remedy is what to do about a group of provider errors. Rows with narrower
// phrases come first: the first that fits wins.
type remedy struct {
	who     Who
	grant   bool   // invalid_grant and what means the same.
	client  bool   // The client's credentials, or how they were presented.
	values  string // Error values, separated by spaces.
	phrases string // Beginnings of words in descriptions, as normal makes them, separated by "|".
	text    string
}

const (
	secretText = "copy option client_id and option client_secret from the provider again; a renewed or expired secret replaces the old one"
	// What RFC 6749 means by unauthorized_client.
	codeFlowText = "allow this client the authorization code flow (response type code, grant type authorization_code)"
	serverText   = "the provider itself failed, its log tells the reason; trying again later may help"
	unused       = "luci-sso uses the authorization code flow only: "
)

// remedies is the one table of what providers answer: the values of RFC 6749,
// 6750, 8628, 8707, 9101, 9126, 9396, 9449, 9470, OIDC Core and CIBA, and
// what Okta, Scalekit, Pocket ID, Entra ID, Keycloak and Google say beside.
var remedies = [...]remedy{
	// The person.
	{who: ProviderAdmin, phrases: "user is not assigned|aadsts50105|not assigned to a role|youre not allowed to access this|user is not allowed to access this|not in a group that",
		text: "assign this person, or a group of theirs, to the application (with Pocket ID: the client's Allowed User Groups)"},
	{who: User, values: "user_canceled_request", phrases: "user canceled|user cancelled|user denied|aadsts65004",
		text: "sign in again and do not cancel"},
	{who: User, phrases: "password is expired|password expired|aadsts50055",
		text: "change the expired password at the provider, then sign in again"},
	{who: User, phrases: "invalid session|social transaction expired",
		text: "the sign-in at the provider was interrupted or too slow: close its other tabs and sign in again"},
	{who: User, values: "id_token_does_not_match_session", phrases: "id token subject does not match",
		text: "another account is signed in at the provider: sign out there, then sign in with the right one"},
	{who: User, phrases: "login failed",
		text: "sign in again with the right account and password"},
	{who: User, values: "login_required online_access_authentication_required", phrases: "authorization server requires the user to re authenticate",
		text: "sign in at the provider again: its session has ended or is not enough"},
	{who: User, values: "account_selection_required", text: "sign in again and choose an account at the provider"},
	{who: User, values: "idp_initated_flow_disabled idp_initiated_flow_disabled", phrases: "idp initiated",
		text: "start with Login with SSO on the router's login page, not from the provider's portal"},
	{who: User, phrases: "required authenticator cannot be used|mfa attestation request requires user enrollment|aadsts50072|aadsts50079|aadsts50076",
		text: "set up the second factor that is asked for on the provider's own account page, then sign in again"},
	{who: User, values: "insufficient_user_authentication unmet_authentication_requirements", phrases: "user authentication context is insufficient",
		text: "sign in again with the stronger method (second factor, passkey) that the provider asks for"},

	// The account at the provider.
	{who: ProviderAdmin, phrases: "authenticator enrollment|security method cant",
		text: "let this person set up an authenticator (enrollment policy), or reset the ones they have"},
	{who: ProviderAdmin, phrases: "request required an mfa",
		text: "the sign-on policy wants a second factor and none is set up: add an authenticator or change the policy"},
	{who: ProviderAdmin, phrases: "user with lite",
		text: "give this person a full account: accounts of the lite class may not use this grant type"},
	{who: ProviderAdmin, phrases: "user status is invalid|aadsts50057|account is disabled|account disabled",
		text: "activate or unlock this person's account"},
	{who: ProviderAdmin, phrases: "password recovery is not|recovery policy does not|authenticators required by recovery",
		text: "repair the recovery policy for this person, or reset the password for them"},
	{who: ProviderAdmin, values: "unknown_user_id", phrases: "username transform|failed to generate username|transformed username|unable to create a user|the following required property is missing",
		text: "correct how the user name is made from the upstream provider's profile (attribute mapping)"},
	{who: ProviderAdmin, phrases: "could not match social|error in linking|user linking",
		text: "correct the account linking of the upstream provider: which accounts and groups may be linked"},
	{who: ProviderAdmin, phrases: "user creation was",
		text: "let accounts be created at first sign-in (just-in-time provisioning), or create this person's account"},
	{who: ProviderAdmin, phrases: "aerial service",
		text: "the vendor's access service refused the request: ask the vendor's support"},

	// Scopes and policies.
	{who: RouterAdmin, phrases: "requests for id tokens or access tokens with openid",
		text: "add openid to option scope"},
	{who: ProviderAdmin, phrases: "the following scopes require user consent and cannot|to access protected scopes",
		text: unused + "set the application to it, and its consent to trusted"},
	{who: User, values: "consent_required", phrases: "the following scopes require user consent|aadsts65001",
		text: "sign in again and agree to what the provider asks; its admin can consent for everybody"},
	{who: ProviderAdmin, values: "no_org_scopes_granted", phrases: "you are not allowed any of|all the requested scopes were|some of the requested scopes",
		text: "allow the scopes of the router's option scope in the access policy of this client, or have the router ask for fewer"},
	{who: ProviderAdmin, phrases: "policy evaluation failed",
		text: "add an access policy rule that covers this client, this person and the authorization code grant"},
	{who: ProviderAdmin, values: "admin_policy_enforced org_internal", phrases: "sufficient permission to provide admin|admin consent|aadsts90094",
		text: "grant consent for this application as an administrator who may"},
	{who: RouterAdmin, values: "invalid_scope", phrases: "invalid scope|aadsts70011|unknown scope",
		text: "option scope asks for something that this client does not have at the provider: remove it there or allow it for the client"},
	{who: RouterAdmin, values: "insufficient_scope", phrases: "insufficient scope|access token provided does not contain the required",
		text: "the access token may not be used for this: add the missing scope to option scope and allow it for the client"},

	// What the client is set up for.
	{who: ProviderAdmin, values: "interaction_required", phrases: "interaction code flow|requested feature interaction",
		text: "let the person sign in on the provider's pages: set the application to the authorization code flow, without the interaction code grant"},
	{who: ProviderAdmin, phrases: "requested feature is not enabled",
		text: "enable the feature that this application's settings use, or change them"},
	{who: ProviderAdmin, values: "authorization_pending slow_down expired_token expired_login_hint_token missing_user_code invalid_user_code invalid_binding_message transaction_failed",
		phrases: "client initiated backchannel|ciba|device code|device authorization|auth req id|out of band authenticator",
		text:    unused + "set the application to it, not to device or backchannel sign-in"},
	{who: ProviderAdmin, phrases: "through direct auth|direct auth|unable to prompt for the requested auth|grant types supported|grant types required to satisfy|has expired use a new|does not match the client id in the original",
		text: unused + "set the application to it, not to direct authentication"},
	{who: ProviderAdmin, values: "client_credentials_self_scope_requested", phrases: "client credentials grant|client credentials requests|application type of service",
		text: unused + "set the application to a web application, not to a service with client credentials"},
	{who: ProviderAdmin, values: "invalid_target", phrases: "associated server|subject token issuer|token exchange flow",
		text: unused + "remove the token exchange or resource that a rule at the provider adds for this client"},
	{who: ProviderAdmin, phrases: "scopes requested for the refresh",
		text: unused + "it asks for no other scopes when it refreshes; something else uses this client"},
	{who: ProviderAdmin, phrases: "acr values not supported|mfa attestation|login hint did not match",
		text: "the router asks for no authentication level: remove the one that the application or a rule adds, or let it fit this person"},
	{who: ProviderAdmin, values: "invalid_dpop_proof use_dpop_nonce", phrases: "dpop",
		text: "turn off “require DPoP” for this client: luci-sso uses bearer tokens"},
	{who: ProviderAdmin, values: "invalid_authorization_details", phrases: "authorization details",
		text: "remove authorization_details from this client and its rules: luci-sso sends none"},
	{who: ProviderAdmin, values: "invalid_request_uri invalid_request_object request_not_supported request_uri_not_supported registration_not_supported",
		phrases: "request object|provided request uri|pushed authorization",
		text:    "do not require signed request objects or pushed authorization requests (PAR) of this client: luci-sso sends plain ones"},
	{who: ProviderAdmin, phrases: "client assertion|client jwkset|jku in jwt|jwks uri|client secret is too short",
		text: "set this client's authentication to client_secret_basic or client_secret_post instead of a signed assertion (JWT) or keys"},
	{who: ProviderAdmin, phrases: "browser requests to the token endpoint|aadsts9002327",
		text: "register the client as a web application with a secret, not as a single-page or native app"},
	{who: ProviderAdmin, values: "unauthorized_client unsupported_response_type unsupported_grant_type unsupported_response_mode", phrases: "client is not allowed to initiate|unauthorized client",
		text: codeFlowText},
	{who: ProviderAdmin, values: "invalid_client_metadata invalid_software_statement unapproved_software_statement",
		text: "the client's registration is not valid or not approved: correct it"},
	{who: ProviderAdmin, values: "invalid_redirect_uri redirect_uri_mismatch", phrases: "redirect uri is not|redirect uri mismatch|invalid redirect uri|incorrect redirect uri|invalid parameter redirect uri|aadsts50011|aadsts500112|invalid callback url",
		text: "register exactly the router's callback address; the router's admin sees it in option redirect_uri, unset: https://<host of the router>/cgi-bin/luci-sso/callback"},

	// The client's credentials.
	{who: RouterAdmin, client: true, phrases: "unknown client no client authentication",
		text: secretText},
	{who: RouterAdmin, phrases: "no client credentials|client id or secret not provided|missing client credentials|found authentication header|aadsts7000218|client authentication method|the client has to use",
		text: "the client authenticates in another way than the provider expects: set option token_auth_method to client_secret_post or client_secret_basic, and check option client_secret"},
	{who: RouterAdmin, values: "deleted_client", phrases: "client not found|unknown client|invalid value for client id|oauth client was not found|aadsts700016",
		text: "the provider knows no client with option client_id: copy it again, and check that option issuer_url is of the same tenant"},
	{who: RouterAdmin, client: true, values: "invalid_client invalid_client_secret", phrases: "invalid client secret|client authentication failed|client secret supplied|invalid client credentials|invalid client or invalid client|aadsts7000215|aadsts7000222|wrong client secret|bad client credentials",
		text: secretText},
	{who: User, grant: true, phrases: "invalid code verifier|pkce verification failed|code verifier|aadsts501481",
		text: "start again from the router's login page in one tab; if it comes back, something between browser and router serves old pages"},
	{who: User, grant: true, values: "invalid_grant invalid_code", phrases: "invalid authorization code|refresh token is invalid|invalid refresh token|refresh token expired|code not valid|code has expired|code was already|aadsts54005|aadsts70008",
		text: "start again: the code is used up or too old; if it comes back, option redirect_uri must be exactly the registered one and both clocks right"},

	// Providers behind the provider.
	{who: ProviderAdmin, values: "no_active_connections connection_not_active no_configured_connections", phrases: "no active sso|configured connection is not active",
		text: "enable the single sign-on connection of this organization"},
	{who: ProviderAdmin, values: "invalid_connection_selector invalid_organization_id invalid_connection_id", phrases: "invalid organization id|invalid connection id|missing organization id",
		text: "bind this client to one organization or connection: the router names none in its request"},
	{who: ProviderAdmin, values: "domain_not_found invalid_user_domain", phrases: "no domain specified|users domain not allowed",
		text: "add the domain of this person's e-mail address to the connection's allowed domains"},
	{who: ProviderAdmin, values: "mandatory_attribute_missing", phrases: "missing mandatory user",
		text: "have the upstream provider send the attributes that are mandatory (attribute mapping)"},
	{who: ProviderAdmin, values: "failed_to_exchange_token user_info_retrieve_failed", phrases: "token exchange failure due|user info retrieval failed",
		text: "correct the client secret that the provider itself uses at its upstream provider (not the router's)"},
	{who: ProviderAdmin, values: "invalid_id_token", phrases: "userinfo response is invalid|invalid id token",
		text: "the upstream provider's answer is not usable: check its connection and log"},
	{who: ProviderAdmin, values: "assertion_expired response_expired", phrases: "expired saml",
		text: "set the clocks of the provider and of its SAML provider right (NTP)"},
	{who: ProviderAdmin, values: "invalid_saml_metadata invalid_saml_response signature_validation_failed invalid_acs_url invalid_status malformed_saml_response",
		phrases: "incorrect saml|invalid saml|failed signature validation|invalid acs|marshalling error",
		text:    "correct the SAML connection: metadata, certificate and ACS URL on both sides"},

	// The rest of the standards' values.
	{who: ProviderAdmin, values: "temporarily_unavailable", text: "the provider is overloaded or under maintenance; trying again later may help"},
	{who: ProviderAdmin, values: "server_error internal_server_error", text: serverText},
	{who: ProviderAdmin, values: "invalid_token", text: "the access token was refused: check for how long they are valid and that they may be used at UserInfo"},
	{who: ProviderAdmin, values: "invalid_request", text: "the provider misses or refuses a parameter: its log names it; most often the callback address or PKCE (S256) is not allowed for this client"},
	{who: User, values: "access_denied", text: "sign in again and agree; if the provider refuses by itself, its admin must allow this person to use the client"},
}
