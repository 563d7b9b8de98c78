#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# django-oauth-toolkit 1.7.0-2 (Debian 12), OpenID Connect switched on.
#
# Guess:  a refresh brings a new ID token, as the login did; and once the account
#         is no longer active (Django's own switch for "may not sign in"), it is
#         400 invalid_grant.
# Seen:   no refresh brings an ID token. And the switch changes nothing: tokens are
#         renewed as before, and UserInfo answers with 200. Whoever asks again by
#         refresh learns neither groups nor that the account is disabled; only
#         deleting the account, or its tokens, ends it.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/django-oauth-toolkit-refresh-goes-on-without-id-token.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The Debian package and what it needs, unpacked here: nothing is installed.
mkdir -p archives/partial
apt-get -qq -y --no-install-recommends --download-only -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install python3-django-oauth-toolkit=1.7.0-2 >/dev/null
for package in archives/*.deb; do dpkg -x "$package" root; done
export PYTHONPATH="$dir/root/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1

cat >probe.py <<'EOF'
import base64, hashlib, json, secrets, sys, time, types
from urllib.parse import parse_qs, urlencode, urlsplit

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

BACK = "https://client.example/back"
key = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()).decode()
settings.configure(
    SECRET_KEY=secrets.token_hex(), ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="urls", USE_TZ=True, LOGIN_URL="/login/",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    OAUTH2_PROVIDER={"OIDC_ENABLED": True, "OIDC_RSA_PRIVATE_KEY": key, "SCOPES": {"openid": "OpenID Connect"}, "PKCE_REQUIRED": True})
django.setup()

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.management import call_command
from django.shortcuts import redirect
from django.test import Client
from django.urls import include, path
from oauth2_provider.models import Application


logins = []


def login_page(request):
    logins.append(request.path)
    login(request, User.objects.get(username="person"), backend="django.contrib.auth.backends.ModelBackend")
    return redirect(request.GET["next"])


urls = types.ModuleType("urls")
urls.urlpatterns = [path("login/", login_page), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
sys.modules["urls"] = urls
call_command("migrate", verbosity=0)
person = User.objects.create_user("person")
Application.objects.create(
    client_id="client", client_secret="secret", client_type="confidential", authorization_grant_type="authorization-code",
    redirect_uris=BACK, skip_authorization=True, algorithm="RS256")
browser = Client()
basic = {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"client:secret").decode()}


def token(**body):
    answer = Client().post("/o/token/", body, secure=True, **basic)
    return answer.status_code, answer.json()


def sign_in(**more):
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    url = "/o/authorize/?" + urlencode({
        "client_id": "client", "response_type": "code", "redirect_uri": BACK, "scope": "openid", "nonce": secrets.token_urlsafe(16),
        "code_challenge": challenge, "code_challenge_method": "S256", **more})
    while not url.startswith(BACK):
        url = browser.get(url, secure=True)["Location"]
    return token(grant_type="authorization_code", code=parse_qs(urlsplit(url).query)["code"][0], redirect_uri=BACK, code_verifier=verifier)[1]


def claims(jwt):
    part = jwt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))



first = sign_in()
print("the login: an ID token:", "id_token" in first)
status, second = token(grant_type="refresh_token", refresh_token=first["refresh_token"])
print(f"a refresh: {status}, a new refresh token: {second['refresh_token'] != first['refresh_token']}, an ID token:", "id_token" in second)
person.is_active = False
person.save()
status, third = token(grant_type="refresh_token", refresh_token=second["refresh_token"])
print(f"a refresh for a disabled account: {status}, an access token:", "access_token" in third)
status = Client().get("/o/userinfo/", secure=True, HTTP_AUTHORIZATION="Bearer " + third["access_token"]).status_code
print("its UserInfo:", status)
person.delete()
status, fourth = token(grant_type="refresh_token", refresh_token=third["refresh_token"])
print("a refresh for a deleted account:", status, fourth["error"])
EOF

/usr/bin/python3 -W ignore probe.py 2>errors | tee seen
cat >expected <<'EOF'
the login: an ID token: True
a refresh: 200, a new refresh token: True, an ID token: False
a refresh for a disabled account: 200, an access token: True
its UserInfo: 200
a refresh for a deleted account: 400 invalid_grant
EOF
cmp -s seen expected || { cat errors; echo "this has changed; it was:"; cat expected; exit 1; }
