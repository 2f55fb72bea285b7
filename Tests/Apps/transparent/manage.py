"""A Django project in one file, otherwise as `startproject` and the tutorial make one: `manage.py runserver`.

It keeps its database in the folder of the environment's SITE_FOLDER, and a line of JSON for each request in APP_LOG."""

import hashlib
import json
import os
import sys
from pathlib import Path

import django
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.management import call_command, execute_from_command_line
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_GET

HERE = Path(__file__).parent
FOLDER = Path(os.environ["SITE_FOLDER"])

settings.configure(
    DEBUG=True,
    SECRET_KEY="a secret of the site's own, as long as it should be",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        f"{__name__}.log",
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "site.sqlite"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    STATIC_URL="/static/",
    STATICFILES_DIRS=[HERE / "php" / "static"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

# What WSGI tells of the connection, and what it has from the environment, is not of the request.
OWN = {"REMOTE_PORT", *os.environ}


def log(get_response):
    def middleware(request):
        # Only what is posted to the views that read it: the others are to read their body themselves.
        body = b"" if request.content_type == "multipart/form-data" else request.body
        seen = {
            "line": f"{request.method} {request.get_full_path()} {request.META['SERVER_PROTOCOL']}",
            "headers": [(k, v) for k, v in request.META.items() if isinstance(v, str) and k not in OWN],
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        with open(os.environ["APP_LOG"], "a") as file:
            file.write(json.dumps(seen) + "\n")
        return get_response(request)

    return middleware


PAGE = """<!DOCTYPE html>
<html><head><title>Guests</title></head><body>
{% for message in messages %}<p class="{{ message.tags }}">{{ message }}</p>{% endfor %}
<form method="post">{% csrf_token %}{{ form }}<button>Sign</button></form>
</body></html>
"""


class Guest(forms.Form):
    name = forms.CharField(max_length=20)


def guests(request):
    form = Guest(request.POST or None)
    if request.method == "POST" and form.is_valid():
        messages.success(request, f"Thank you, {form.cleaned_data['name']}")
        return HttpResponseRedirect("/guests/")
    return HttpResponse(engines["django"].from_string(PAGE).render({"form": form}, request))


@gzip_page
def long(_):
    return HttpResponse("<!doctype html><html><head><title>Long</title></head><body>" + "<p>so it goes on</p>" * 200)


def stream(_):
    return StreamingHttpResponse((f"line {number}\n" for number in range(100)), content_type="text/plain")


@condition(etag_func=lambda _: '"version-7"')
def versioned(_):
    return HttpResponse("<!doctype html><html><head><title>7</title></head><body>seven</body></html>")


@csrf_exempt
def upload(request):
    files = {n: (f.name, f.content_type, hashlib.sha256(f.read()).hexdigest()) for n, f in request.FILES.items()}
    return JsonResponse({"post": request.POST.dict(), "files": files})


@csrf_exempt
def data(request):
    return JsonResponse({"method": request.method, "sum": hashlib.sha256(request.body).hexdigest()}, status=201)


def cookies(_):
    response = HttpResponse("set", content_type="text/plain")
    response.set_cookie("one", "1")
    response.set_cookie("two", "ü 2", max_age=60, httponly=True, samesite="Strict")
    response.delete_cookie("three")
    return response


def broken(_):
    raise RuntimeError("a mistake in the app")


@require_GET
def only_get(_):
    return FileResponse(open(HERE / "php" / "static" / "site.css", "rb"))


urlpatterns = [
    path("admin/", admin.site.urls),
    path("guests/", guests),
    path("long/", long),
    path("stream/", stream),
    path("versioned/", versioned),
    path("upload/", upload),
    path("data/", data),
    path("cookies/", cookies),
    path("broken/", broken),
    path("only-get/", only_get),
]

if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        call_command("migrate", verbosity=0, interactive=False)
        get_user_model().objects.create_superuser("ann", "ann@example.org", "apple")
    else:
        execute_from_command_line(sys.argv)
