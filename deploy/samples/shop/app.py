"""A small shop: a cart and a login, both in Flask's own signed session cookie."""

import json
import os
import sys

from flask import Flask, abort, redirect, render_template_string, request, session, url_for
from flask_login import LoginManager, UserMixin, login_user, logout_user
from markupsafe import Markup

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SHOP_SECRET_KEY"], SESSION_COOKIE_SAMESITE="Lax")

login_manager = LoginManager(app)

PASSWORDS = {"ann": "apple", "ben": "banana"}
ITEMS = {"lamp": 39, "chair": 85, "teapot": 24}
SITES = os.environ.get(
    "SITES", "http://shop.localhost:8080 http://shop-deutschland.localhost:8080 http://club.localhost:8080"
).split()
TITLES = {"shop-deutschland": "Shop Deutschland"}

LAYOUT = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>{{ title }}</title>
  <style>
    body { font: 17px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
    header, footer { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
    h1 { font-size: 1.5rem; margin-right: auto; }
    footer { border-top: 1px solid #ddd; margin-top: 2rem; padding-top: .7rem; font-size: .9rem; }
    form { display: inline; }
    button { font: inherit; padding: .1rem .7rem; }
    li { margin: .3rem 0; }
    .error { color: #a00; }
  </style>
</head>
<body>
  <header>
    <h1><a href="/">{{ title }}</a></h1>
    {% if current_user.is_authenticated %}
      <span>Hello, <strong id="user">{{ current_user.id }}</strong></span>
      <form method="post" action="{{ url_for('logout') }}"><button id="logout">Log out</button></form>
    {% else %}
      <span id="user">anonymous</span> <a id="login-link" href="{{ url_for('login') }}">Log in</a>
    {% endif %}
  </header>
  {{ content }}
  <footer>
    Also ours:
    {% for site in sites %}<a class="site" href="{{ site }}/">{{ site.split("//")[1].split(".")[0] }}</a> {% endfor %}
  </footer>
</body>
</html>
"""

HOME = """
<h2>Cart</h2>
<ul id="cart">
  {% for item, count in cart.items() %}<li data-item="{{ item }}">{{ count }} × {{ item }}</li>
  {% else %}<li>empty</li>{% endfor %}
</ul>
<h2>For sale</h2>
<ul>
  {% for item, price in items.items() %}
  <li>{{ item }}, {{ price }} €
    <form method="post" action="{{ url_for('add', item=item) }}"><button id="add-{{ item }}">Add to cart</button></form></li>
  {% endfor %}
</ul>
"""

LOGIN = """
<h2>Log in</h2>
{% if error %}<p class="error" id="error">{{ error }}</p>{% endif %}
<form method="post">
  <p><label>Name <input name="name" id="name" autocomplete="username" required></label></p>
  <p><label>Password <input name="password" id="password" type="password" autocomplete="current-password" required></label></p>
  <p><button id="login">Log in</button></p>
</form>
<p>Two people shop here: <em>ann</em> with the password <em>apple</em>, and <em>ben</em> with <em>banana</em>.</p>
"""


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(name):
    return User(name) if name in PASSWORDS else None


def page(template, **values):
    name = request.host.split(":")[0].split(".")[0]
    content = Markup(render_template_string(template, **values))
    return render_template_string(LAYOUT, title=TITLES.get(name, name.capitalize()), content=content, sites=SITES)


@app.before_request
def log_request():
    line = json.dumps({"app": "shop", "method": request.method, "path": request.path, "headers": list(request.headers)})
    if path := os.environ.get("APP_LOG"):
        with open(path, "a") as log:
            log.write(line + "\n")
    else:
        print(line, file=sys.stderr)


@app.get("/")
def home():
    return page(HOME, cart=session.get("cart", {}), items=ITEMS)


@app.post("/add/<item>")
def add(item):
    if item not in ITEMS:
        abort(404)
    cart = session.get("cart", {})
    session["cart"] = {**cart, item: cart.get(item, 0) + 1}
    return redirect(url_for("home"))


@app.route("/login", methods=["GET", "POST"])
def login():
    error = None
    if request.method == "POST":
        name = request.form.get("name", "")
        if name in PASSWORDS and request.form.get("password") == PASSWORDS[name]:
            login_user(User(name))
            return redirect(url_for("home"))
        error = "That name and password do not belong together."
    return page(LOGIN, error=error)


@app.post("/logout")
def logout():
    logout_user()
    session.pop("cart", None)
    return redirect(url_for("home"))
