"""The proxies that are compared. Their configurations lie in `peers/`, each with the reasons for its settings."""

import http.client
import re
import resource
import shutil
from pathlib import Path

from support.processes import Program, free_port

from .pages import TAG

PEERS = Path(__file__).resolve().parents[1] / "peers"
PROXY_CORE, LOAD_CORE = 0, 1
HOST = "bench.localhost"
# As long as Tombolo's cookie: every proxy reads a request of the same size.
COOKIE = f"tombolo={'0123456789abcdef' * 6}; tombolo-due=1"


def fill(template, target, **values):
    """Copies a configuration from `peers/` with every @NAME@ replaced."""
    text = (PEERS / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name.upper()}@", str(value))
    Path(target).write_text(text)
    return target


def pinned(core, command):
    return ["taskset", "--cpu-list", core, *command]


def nginx_command(configuration, folder):
    return ["nginx", "-p", folder, "-c", configuration, "-e", "stderr"]


class Origin:
    """nginx on the load's core, with the bodies in files that stay in the page cache."""

    def __init__(self, folder):
        self.port, self.socket = free_port(), folder / "origin.sock"
        configuration = fill("origin.conf", folder / "origin.conf", dir=folder, port=self.port)
        command = pinned(LOAD_CORE, nginx_command(configuration, folder))
        self.program = Program("origin", command, port=self.port, log=folder / "origin.log")

    def start(self):
        # nginx's worker gives up root; it still has to reach the files.
        self.program.start()
        return self

    def stop(self):
        self.program.stop()


class Contender:
    """One proxy in one configuration, on a core of its own."""

    template = None  # in peers/
    includes = ()  # further templates that it names: PROGRAM-part.conf becomes NAME-part.conf
    injects = False

    unix = "unix:{}"  # how its configuration names a Unix socket; None if it cannot

    def __init__(self, name, folder, origin, options, work):
        self.name, self.folder, self.origin, self.options, self.work = name, folder, origin, options, work
        self.port = free_port()
        self.program = None

    @property
    def upstream(self):
        return self.unix.format(self.origin.socket) if self.work.unix else f"127.0.0.1:{self.origin.port}"

    def values(self):
        return {"dir": self.folder, "name": self.name, "port": self.port, "origin": self.upstream, "tag": TAG.decode()}

    def command(self, configuration):
        raise NotImplementedError

    def executable(self):
        return self.command("")[0]

    def missing(self):
        """Why it cannot take part, or None."""
        return None if shutil.which(self.executable()) else f"{self.executable()} is not installed"

    def prepare(self, wrapper=()):
        """Writes its configuration; `wrapper` is a command that it shall be run under."""
        suffix = Path(self.template).suffix
        configuration = fill(self.template, self.folder / f"{self.name}{suffix}", **self.values())
        for include in self.includes:
            ending = include[re.search("[-.]", include).start() :]
            fill(include, self.folder / f"{self.name}{ending}", **self.values())
        command = pinned(PROXY_CORE, [*wrapper, *self.command(configuration)])
        self.program = Program(
            self.name,
            command,
            port=self.port,
            log=self.folder / f"{self.name}-{self.work.name}.log",
            env={"SWIFT_BACKTRACE": "enable=no", "GOMAXPROCS": "1", "HOME": str(self.folder)},
            cwd=self.folder,
        )
        return self

    def start(self, wrapper=()):
        self.prepare(wrapper)
        self.program.start()
        return self

    def fields(self):
        """Header fields that every request to this proxy carries."""
        return {"Cookie": COOKIE} if self.work.session else {}

    def stop(self):
        if self.program:
            self.program.stop()

    @property
    def session(self):
        """All its processes are in one session of the operating system, whose id this is."""
        return self.program.pid


class Nginx(Contender):
    template = "nginx.conf"
    includes = ("nginx-common.conf", "nginx-fields.conf")

    def command(self, configuration):
        return nginx_command(configuration, self.folder)


class NginxSub(Nginx):
    template = "nginx-sub.conf"
    injects = True


class NginxSubGzip(Nginx):
    template = "nginx-sub-gzip.conf"
    injects = True


class NginxGunzipSubGzip(Nginx):
    template = "nginx-gunzip-sub-gzip.conf"
    injects = True


class NginxLua(Nginx):
    """With a session that it looks up under the value of the cookie."""

    template = "nginx-lua.conf"

    def values(self):
        return {**super().values(), "session": COOKIE.partition("=")[2].partition(";")[0]}


class NginxLuaInject(NginxLua):
    template = "nginx-lua-inject.conf"
    injects = True


class HAProxy(Contender):
    template = "haproxy.cfg"
    unix = "unix@{}"

    def values(self):
        # Two descriptors a connection; HAProxy does not start if it could run out of them.
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return {**super().values(), "maxconn": min(12_000, (descriptors - 200) // 2)}

    def command(self, configuration):
        return ["haproxy", "-db", "-f", configuration]


class HAProxyTCP(HAProxy):
    template = "haproxy-tcp.cfg"


class Caddy(Contender):
    template = "Caddyfile"
    unix = "unix/{}"

    def command(self, configuration):
        return ["caddy", "run", "--adapter", "caddyfile", "--config", configuration]


class Apache(Contender):
    template = "apache.conf"
    includes = ("apache-common.conf",)

    def command(self, configuration):
        return ["apache2", "-DFOREGROUND", "-f", configuration]


class ApacheSubstitute(Apache):
    template = "apache-substitute.conf"
    injects = True


class ApacheCoder(Apache):
    template = "apache-inflate-substitute-deflate.conf"
    injects = True


class Tombolo(Contender):
    """The program under test."""

    template = "tombolo.toml"
    includes = ("tombolo.domains",)
    injects = True
    cookies = None

    def values(self):
        upstream = self.upstream if self.work.unix else f"http://{self.upstream}"
        return {**super().values(), "upstream": upstream}

    @property
    def binary(self):
        return self.options.binary

    def executable(self):
        return str(self.binary)

    def command(self, configuration):
        return [self.binary, "run", "--config", configuration]

    def fields(self):
        """The cookies of a visitor who has seen a page before; and logged in, if the session shall have a record."""
        if not self.work.session:
            return {}
        if self.cookies is None:
            self.cookies = self.visit({"record-less": "/10k.html", "stored": "/login"}[self.work.session])
        return {"Cookie": self.cookies}

    def visit(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Host": HOST, "Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        lines = response.headers.get_all("Set-Cookie") or []
        connection.close()
        pairs = [line.partition(";")[0] for line in lines]
        assert any(pair.startswith("tombolo=") for pair in pairs), f"{self.name} gave no session cookie: {lines}"
        return "; ".join(pairs)


class Compared(Tombolo):
    """Another build of it, to see what a change did."""

    @property
    def binary(self):
        return self.options.compare


KINDS = {
    "tombolo": Tombolo,
    "compared": Compared,
    "nginx": Nginx,
    "nginx-sub": NginxSub,
    "nginx-sub-gzip": NginxSubGzip,
    "nginx-gunzip-sub-gzip": NginxGunzipSubGzip,
    "nginx-lua": NginxLua,
    "nginx-lua-inject": NginxLuaInject,
    "haproxy": HAProxy,
    "haproxy-tcp": HAProxyTCP,
    "caddy": Caddy,
    "apache": Apache,
    "apache-substitute": ApacheSubstitute,
    "apache-inflate-substitute-deflate": ApacheCoder,
}
