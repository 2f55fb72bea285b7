"""Real applications, installed from PyPI or Debian and not changed, each with pages that it makes."""

import os
import subprocess
import sys
from pathlib import Path

from support.processes import Program, free_port

BIN = Path(sys.executable).parent


def _run(*command, cwd, **env):
    subprocess.run([str(part) for part in command], cwd=cwd, env={**os.environ, **env}, check=True, capture_output=True)


def _program(name, folder, command, port, **env):
    return Program(name, command, port=port, log=Path(folder) / f"{name}.log", cwd=folder, env=env)


def _files(name, folder, port):
    return _program(name, folder, [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1"], port)


def wiki(folder):
    """A Trac with the pages that it comes with."""
    port, site = free_port(), folder / "islands"
    _run(BIN / "trac-admin", site, "initenv", "Islands", "sqlite:db/trac.db", cwd=folder)
    return _program("wiki", folder, [BIN / "tracd", "-s", "--hostname", "127.0.0.1", "--port", port, site], port)


ADMINISTRATOR = {"username": "ann", "password": "apple"}


def django(folder):
    """The project that `startproject` makes, with its admin and one administrator."""
    port, manage = free_port(), [sys.executable, "manage.py"]
    _run(sys.executable, "-m", "django", "startproject", "site_of_this_test", ".", cwd=folder)
    _run(*manage, "migrate", cwd=folder)
    secret = {f"DJANGO_SUPERUSER_{name.upper()}": value for name, value in ADMINISTRATOR.items()}
    _run(*manage, "createsuperuser", "--noinput", "--email", "ann@shop.example", cwd=folder, **secret)
    return _program("django", folder, [*manage, "runserver", "--noreload", port], port)


def phpinfo(folder):
    """Compressed by PHP itself."""
    port = free_port()
    (folder / "index.php").write_text("<?php phpinfo();")
    return _program("phpinfo", folder, ["php", "-d", "zlib.output_compression=On", "-S", f"127.0.0.1:{port}"], port)


def sphinx(folder):
    _run(sys.executable, "-m", "sphinx.cmd.quickstart", "-q", "-p", "Islands", "-a", "Ann", ".", cwd=folder)
    (folder / "index.rst").write_text("Islands\n=======\n\n.. code:: python\n\n   if a < b: print('&')\n")
    _run(sys.executable, "-m", "sphinx", ".", "out", cwd=folder)
    return _files("sphinx", folder / "out", free_port())


def mkdocs(folder):
    _run(sys.executable, "-m", "mkdocs", "new", ".", cwd=folder)
    _run(sys.executable, "-m", "mkdocs", "build", cwd=folder)
    return _files("mkdocs", folder / "site", free_port())


def listing(folder):
    (folder / "<head>.txt").write_text("a name that has to be escaped")
    return _files("listing", folder, free_port())


# application → the paths of its pages
PAGES = {
    wiki: ["/wiki", "/wiki/WikiFormatting", "/wiki/WikiStart?action=history", "/newticket", "/search?q=head", "/no-such-page"],
    django: ["/", "/admin/login/", "/no-such-page"],  # the latter with the settings in a table: DEBUG is on
    phpinfo: ["/"],
    sphinx: ["/", "/genindex.html", "/search.html"],
    mkdocs: ["/", "/404.html", "/search.html"],
    listing: ["/", "/no-such-file"],
}
