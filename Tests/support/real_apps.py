"""Real programs of several kinds (Tests/Apps/transparent), each on a free port, and what each of them saw of requests."""

import glob
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .nginx import nginx
from .processes import ROOT, Program, free_port

HERE = ROOT / "Tests" / "Apps" / "transparent"


@dataclass
class Seen:
    """A request as the app saw it; `lines` are its fields, in the spelling that the app gets to see."""

    line: str
    lines: list
    rest: dict

    def value(self, name):
        found = [line.partition(b":")[2].strip() for line in self.lines if line.lower().startswith(name.encode() + b":")]
        return found[0] if found else b""


class RealApp:
    """Programs that are one app; the last is the one that is asked."""

    def __init__(self, name, programs, requests):
        self.name, self.programs, self.requests = name, programs, Path(requests)
        self.host = f"{name}.localhost"
        self.read = 0

    @property
    def port(self):
        return self.programs[-1].port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        try:
            for program in self.programs:
                program.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        for program in reversed(self.programs):
            program.stop()

    def output(self):
        return "\n".join(program.output() for program in self.programs)

    def new(self):
        """What was seen since the last call."""
        if not self.requests.exists():
            return []
        text = self.requests.read_bytes()[self.read :]
        self.read += len(text)
        return [self._seen(json.loads(line)) for line in text.splitlines()]

    def _seen(self, told):
        lines = [f"{self.field(name)}: {value}".encode("utf-8", "surrogateescape") for name, value in told.pop("headers")]
        return Seen(told.pop("line"), lines, told)

    @staticmethod
    def field(name):
        """CGI and WSGI show `X-Request-Id` as HTTP_X_REQUEST_ID."""
        return name[5:].replace("_", "-").lower() if name.startswith("HTTP_") else name


def _one(name, folder, command, *, env=None, cwd=None):
    port, requests = free_port(), Path(folder) / f"{name}.requests"
    command = [part.format(port=port, log=requests) if isinstance(part, str) else part for part in command]
    program = Program(name, command, port=port, log=Path(folder) / f"{name}.log", env=env, cwd=cwd)
    return RealApp(name, [program], requests)


def node(folder):
    return _one("node", folder, ["node", HERE / "app.js", "{port}", "{log}"])


def files(folder):
    """It answers in HTTP/1.0, and keeps no log."""
    return _one(
        "files",
        folder,
        [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1", "--directory", HERE / "php" / "static"],
    )


def events(folder):
    return _one("events", folder, [sys.executable, HERE / "events.py", "{port}", "{log}"])


def sockets(folder):
    return _one("sockets", folder, [sys.executable, HERE / "sockets.py", "{port}", "{log}"])


def django(folder):
    env = {"SITE_FOLDER": str(folder), "APP_LOG": str(Path(folder) / "django.requests")}
    command = [sys.executable, str(HERE / "manage.py")]
    subprocess.run([*command, "prepare"], env={**os.environ, **env}, check=True, timeout=60)
    return _one("django", folder, [*command, "runserver", "--noreload", "127.0.0.1:{port}"], env=env)


POOL = """
[global]
error_log = /dev/stderr
daemonize = no
[www]
{user}
listen = 127.0.0.1:{port}
pm = static
pm.max_children = 4
catch_workers_output = yes
php_admin_value[session.save_path] = {folder}
php_admin_value[upload_tmp_dir] = {folder}
php_admin_value[post_max_size] = 64M
php_admin_value[upload_max_filesize] = 64M
php_admin_value[display_errors] = stderr
"""

# As Debian's sites-available/default and the manuals of PHP frameworks have it.
SITE = """
        root {root};
        index index.php;
        client_max_body_size 64m;
        location /static/ {{
            expires 1h;
            gzip on;
            gzip_types text/css;
            add_header X-Content-Type-Options nosniff always;
        }}
        location / {{ try_files $uri /index.php$is_args$args; }}
        location ~ \\.php$ {{
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_param APP_LOG {requests};
            fastcgi_pass 127.0.0.1:{fpm};
        }}
"""


def php(folder):
    folder, port = Path(folder), free_port()
    command = shutil.which("php-fpm") or next(iter(sorted(glob.glob("/usr/sbin/php-fpm*"))), "php-fpm")
    is_root = os.geteuid() == 0
    pool = folder / "pool.conf"
    pool.write_text(POOL.format(port=port, folder=folder, user="user = root" if is_root else ""))
    arguments = [command, "--nodaemonize", "--fpm-config", pool, *(["--allow-to-run-as-root"] if is_root else [])]
    fpm = Program("php-fpm", arguments, port=port, log=folder / "fpm.log")
    requests = folder / "php.requests"
    site = SITE.format(root=HERE / "php", fpm=port, requests=requests).replace("{", "{{").replace("}", "}}")
    http = "include /etc/nginx/mime.types; default_type application/octet-stream;"
    return RealApp("php", [fpm, nginx(folder / "nginx", server=site, http=http)], requests)
