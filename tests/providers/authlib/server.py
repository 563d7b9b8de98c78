# SPDX-License-Identifier: Apache-2.0
"""Authlib's authorization server with the people and the clients of the tests.

Its one argument is JSON. Who signs in is named by the request. What is kept
and what claims there are is the site's business, and as plain as can be; what
the endpoints answer is Authlib's. It ends with its input.
"""
import json
import os
import sys
import threading
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.jose import JsonWebKey
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, AuthorizationCodeMixin, TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, redirect, request
from werkzeug.serving import WSGIRequestHandler, make_server

told = json.loads(sys.argv[1])
issuer = told["issuer"]
keys, codes, tokens = [], {}, {}


def new_key():
    keys.insert(0, JsonWebKey.generate_key("RSA", 2048, {"use": "sig", "alg": "RS256", "kid": os.urandom(8).hex()}, is_private=True))
    del keys[1:]


class Client(ClientMixin):
    def __init__(self, name, method):
        self.name, self.method = name, method

    def get_client_id(self):
        return self.name

    def get_default_redirect_uri(self):
        return told["callback"]

    def get_allowed_scope(self, scope):
        return " ".join(one for one in scope.split() if one in ("openid", "profile", "email", "groups", "offline_access"))

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == told["callback"]

    def check_client_secret(self, client_secret):
        return client_secret == told["secret"]

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in ("authorization_code", "refresh_token")


class Code(AuthorizationCodeMixin):
    def __init__(self, asked):
        self.client, self.user = asked.client.get_client_id(), asked.user
        self.redirect_uri, self.scope, self.auth_time = asked.redirect_uri, asked.scope, int(time.time())
        self.nonce = asked.data.get("nonce")
        self.code_challenge, self.code_challenge_method = asked.data.get("code_challenge"), asked.data.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return self.auth_time


class Token(TokenMixin):
    def __init__(self, token, asked):
        self.client, self.user, self.scope = asked.client.get_client_id(), asked.user, token["scope"]

    def check_client(self, client):
        return self.client == client.get_client_id()

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return 3600


class ByCode(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none", "client_assertion_jwt"]

    def save_authorization_code(self, code, request):
        codes[code] = Code(request)

    def query_authorization_code(self, code, client):
        found = codes.get(code)
        return found if found and found.client == client.get_client_id() else None

    def delete_authorization_code(self, authorization_code):
        for code in [code for code, one in codes.items() if one is authorization_code]:
            del codes[code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user if authorization_code.user in told["people"] else None


class ByRefreshToken(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ByCode.TOKEN_ENDPOINT_AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        return tokens.get(refresh_token)

    def authenticate_user(self, credential):
        return credential.user if credential.user in told["people"] else None

    def revoke_old_credential(self, credential):
        for token in [token for token, one in tokens.items() if one is credential]:
            del tokens[token]


class OpenID(OpenIDCode):
    def exists_nonce(self, nonce, request):
        return any(one.nonce == nonce for one in codes.values())

    def get_jwt_config(self, grant):
        return {"key": keys[0], "alg": "RS256", "iss": issuer, "exp": 300}

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user, **told["people"][user])


class ByKey(JWTBearerClientAssertion):
    def validate_jti(self, claims, jti):
        return True

    def resolve_client_public_key(self, client, headers):
        return JsonWebKey.import_key_set(told["jwks"]).find_by_kid(headers["kid"])


app = Flask("site")
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
clients = {name: Client(name, method) for name, method in [
    ("router", "client_secret_basic"), ("router-post", "client_secret_post"), ("router-public", "none"), ("router-key", "client_assertion_jwt")]}


def save_token(token, asked):
    for name in ("access_token", "refresh_token"):
        if name in token:
            tokens[token[name]] = Token(token, asked)


server = AuthorizationServer(app, clients.get, save_token)
server.register_grant(ByCode, [OpenID(require_nonce=True), CodeChallenge(required=True)])
server.register_grant(ByRefreshToken)
server.register_client_auth_method("client_assertion_jwt", ByKey(issuer + "/token"))


@app.get("/authorize")
def authorize():
    try:
        server.get_consent_grant(end_user=request.args.get("person"))
    except OAuth2Error as error:
        return jsonify(dict(error.get_body())), error.status_code
    if "person" not in request.args:
        return "Who are you?"
    return server.create_authorization_response(grant_user=request.args["person"])


@app.post("/token")
def token():
    return server.create_token_response()


@app.get("/userinfo")
def userinfo():
    found = tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    return jsonify(UserInfo(sub=found.user, **told["people"][found.user])) if found else ("", 401)


@app.get("/keys")
def key_set():
    return jsonify({"keys": [key.as_dict() for key in keys]})


@app.get("/.well-known/openid-configuration")
def discovery():
    return jsonify({
        "issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "userinfo_endpoint": issuer + "/userinfo",
        "jwks_uri": issuer + "/keys", "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "scopes_supported": ["openid", "profile", "email", "groups"], "claims_supported": ["sub", "email", "email_verified", "groups"],
        "code_challenge_methods_supported": ["S256"]})


def listen():
    for line in sys.stdin:
        if line.strip() == "rotate":
            new_key()
        else:
            del told["people"][line.strip()]
        print("ok", flush=True)
    os._exit(0)


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


new_key()
threading.Thread(target=listen, daemon=True).start()
make_server("127.0.0.1", told["inner"], app, threaded=True, request_handler=Quiet).serve_forever()
