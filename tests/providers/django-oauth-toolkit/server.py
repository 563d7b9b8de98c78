# SPDX-License-Identifier: Apache-2.0
"""django-oauth-toolkit with the people and the client of the tests.

Its one argument is JSON. The login page signs in whom the request names. It
ends with its input.
"""
import json
import os
import sys
import threading
import types

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

told = json.loads(sys.argv[1])


def new_key():
    return rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()).decode()


settings.configure(
    SECRET_KEY=os.urandom(32).hex(), ALLOWED_HOSTS=["*"], ROOT_URLCONF="urls", USE_TZ=True, LOGIN_URL="/login/",
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": told["dir"] + "/database"}}, DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    OAUTH2_PROVIDER={"OIDC_ENABLED": True, "OIDC_RSA_PRIVATE_KEY": new_key(), "PKCE_REQUIRED": True, "OAUTH2_VALIDATOR_CLASS": "validator.Validator",
                     "SCOPES": {name: name for name in ["openid", "profile", "email", "groups"]}})
django.setup()

from django.contrib.auth import login
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.shortcuts import redirect
from django.urls import include, path
from oauth2_provider.models import Application
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings


class Validator(OAuth2Validator):
    """Claims are the site's own business: by itself it sends none but sub."""

    def get_additional_claims(self):
        return {
            "email": lambda request: request.user.email,
            "groups": lambda request: [group.name for group in request.user.groups.all()],
        }


def login_page(request):
    login(request, User.objects.get(username=request.GET["person"]), backend="django.contrib.auth.backends.ModelBackend")
    return redirect(request.GET["next"])


sys.modules["validator"] = types.ModuleType("validator")
sys.modules["validator"].Validator = Validator
sys.modules["urls"] = types.ModuleType("urls")
sys.modules["urls"].urlpatterns = [path("sign-in/", login_page), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]

call_command("migrate", verbosity=0)
for name, one in told["people"].items():
    person = User.objects.create_user(name, one["email"])
    for group in one["groups"]:
        person.groups.add(Group.objects.get_or_create(name=group)[0])
for name, kind in [("router", "confidential"), ("router-public", "public")]:
    Application.objects.create(
        client_id=name, client_secret=told["secret"], client_type=kind, authorization_grant_type="authorization-code",
        redirect_uris=told["callback"], skip_authorization=True, algorithm="RS256")


def listen():
    for line in sys.stdin:
        if line.strip() == "rotate":
            oauth2_settings.OIDC_RSA_PRIVATE_KEY = new_key()
        else:
            User.objects.get(username=line.strip()).delete()
        print("ok", flush=True)
    os._exit(0)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


threading.Thread(target=listen, daemon=True).start()
server = ThreadedWSGIServer(("127.0.0.1", told["inner"]), Quiet, ipv6=False)
server.set_app(get_wsgi_application())
server.serve_forever()
