#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# django-oauth-toolkit 1.7.0-2 (Debian 12), OpenID Connect switched on.
#
# Guess:  prompt=login and max_age=0 send a person who is signed in to the login
#         page once more, and auth_time is then that of the new login: OpenID
#         Connect Core 3.1.2.1 makes both an obligation of every provider.
# Seen:   both are passed over without a word. Nobody is asked, and auth_time is that
#         of the old login: only a client that compares it with the time finds out.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/django-oauth-toolkit-asks-nobody-again.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
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



sign_in()
print("login pages, the first time:", len(logins))
time.sleep(2)
for more in {"prompt": "login"}, {"max_age": "0"}:
    logins.clear()
    got = claims(sign_in(**more)["id_token"])
    old = got["iat"] - got["auth_time"] >= 2
    print("".join(f"{name}={value}" for name, value in more.items()) + f": login pages: {len(logins)}, auth_time from the first login: {old}")
EOF

/usr/bin/python3 -W ignore probe.py 2>errors | tee seen
cat >expected <<'EOF'
login pages, the first time: 1
prompt=login: login pages: 0, auth_time from the first login: True
max_age=0: login pages: 0, auth_time from the first login: True
EOF
cmp -s seen expected || { cat errors; echo "this has changed; it was:"; cat expected; exit 1; }
