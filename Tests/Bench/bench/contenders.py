"""The proxies that are compared. Their configurations lie in `peers/`, each with the reasons for its settings."""

import re
import resource
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from support.processes import Program, free_port

from . import visitors
from .ask import HOST, ask
from .pages import TAG
from .work import DOCUMENT

PEERS = Path(__file__).resolve().parents[1] / "peers"
# As long as Tombolo's cookie: every proxy reads a request of the same size.
COOKIE = f"tombolo={'0123456789abcdef' * 6}; tombolo-due=1"


def fill(template, target, **values):
    """Copies a configuration from `peers/` with every @NAME@ replaced."""
    text = (PEERS / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name.upper()}@", str(value))
    Path(target).write_text(text)
    return target


@dataclass(frozen=True)
class Cores:
    """Where the proxy runs, and where the origin and the load; each has as many workers or threads as cores."""

    proxy: tuple = (0,)
    load: tuple = (1,)


def pinned(cores, command):
    return [str(part) for part in ("taskset", "--cpu-list", ",".join(map(str, cores)), *command)]


def nginx_command(configuration, folder):
    return ["nginx", "-p", folder, "-c", configuration, "-e", "stderr"]


class Origin:
    """nginx on the load's cores, with the bodies in files that stay in the page cache.

    `shared` is the folder with what all origins and proxies of a run have in common: bodies, and certificates.
    """

    def __init__(self, shared, folder, cores=Cores()):
        self.folder, self.cores = folder, cores
        self.certificate, self.authority = shared / "certificate.pem", shared / "authority" / "root.pem"
        self.port, self.socket = free_port(), folder / "origin.sock"
        values = {"dir": folder, "pages": shared / "pages", "port": self.port, "workers": len(cores.load)}
        configuration = fill("origin.conf", folder / "origin.conf", **values)
        command = pinned(cores.load, nginx_command(configuration, folder))
        self.program = Program("origin", command, port=self.port, log=folder / "origin.log")

    def start(self):
        # nginx's worker gives up root; it still has to reach the files.
        self.program.start()
        return self

    def stop(self):
        self.program.stop()


class Contender:
    """One proxy in one configuration, on cores of its own."""

    template = None  # in peers/
    includes = ()  # further templates that it names: PROGRAM-part.conf becomes NAME-part.conf
    injects = False

    unix = "unix:{}"  # how its configuration names a Unix socket; None if it cannot

    def __init__(self, name, origin, options, work):
        self.name, self.folder, self.origin, self.options, self.work = name, origin.folder, origin, options, work
        self.port = free_port()
        self.program = None

    @property
    def upstream(self):
        return self.unix.format(self.origin.socket) if self.work.unix else f"127.0.0.1:{self.origin.port}"

    def listen(self):
        """What its configuration says about the work's protocol, where it says to listen."""
        return ""

    def values(self):
        return {
            "dir": self.folder,
            "name": self.name,
            "port": self.port,
            "origin": self.upstream,
            "tag": TAG.decode(),
            "workers": len(self.origin.cores.proxy),
            "scheme": self.work.protocol.scheme,
            "certificate": self.origin.certificate,
            "listen": self.listen(),
        }

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
        command = pinned(self.origin.cores.proxy, [*wrapper, *self.command(configuration)])
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

    def cookies(self):
        """What the requests to this proxy carry in the Cookie field: the first visitor's, the next one's, and so on."""
        return [COOKIE] if self.work.session else []

    def store_operations(self):
        """How often it has read session records from a store and written them there, if that is counted: by kind."""
        return {}

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

    def listen(self):
        return "ssl " * self.work.protocol.tls + "http2" * self.work.protocol.http2

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

    def listen(self):
        if self.work.protocol.tls:
            return f"ssl crt {self.origin.certificate} alpn {'h2' if self.work.protocol.http2 else 'http/1.1'}"
        return "proto h2" if self.work.protocol.http2 else ""

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

    def listen(self):
        return f"tls {self.origin.certificate} {self.origin.certificate}" if self.work.protocol.tls else ""

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

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.internal = free_port()
        self.known = None

    def listen(self):
        address = f'"127.0.0.1:{self.port}"'
        if not self.work.protocol.tls:
            return f"http = {address}"
        return f'http = []\nhttps = {address}\n[[tls.certificate]]\ncert = "{self.origin.certificate}"'

    def values(self):
        store, internal = 'kind = "memory"', ""
        if self.work.visitors > 1:
            store = f'path = "{self.folder}/{self.name}-{self.work.name}.sqlite"'
            internal = f'listen = "127.0.0.1:{self.internal}"'
        upstream = self.upstream if self.work.unix else f"http://{self.upstream}"
        return {**super().values(), "upstream": upstream, "store": store, "internal": internal}

    @property
    def binary(self):
        return self.options.binary

    def executable(self):
        return str(self.binary)

    def command(self, configuration):
        return [self.binary, "run", "--config", configuration]

    def cookies(self):
        """Of visitors who have seen a page before; and logged in, if their sessions shall have records."""
        if self.known is None:
            self.known = self.visits() if self.work.session else []
        return self.known

    def visits(self):
        if self.work.visitors > 1:
            return visitors.log_in(self.port, self.work.visitors)
        path = {"record-less": "/10k.html", "stored": "/login"}[self.work.session]
        lines = ask(self, path, {"Host": HOST, **DOCUMENT}).fields("Set-Cookie")
        pairs = [line.partition(";")[0] for line in lines]
        assert any("tombolo=" in pair for pair in pairs), f"{self.name} gave no session cookie: {lines}"
        return ["; ".join(pairs)]

    def store_operations(self):
        if self.work.visitors == 1:
            return {}
        with urllib.request.urlopen(f"http://127.0.0.1:{self.internal}/metrics", timeout=10) as page:
            told = page.read().decode()
        counted = r'^tombolo_store_operations_total\{operation="%s",outcome="ok"\} (\d+)'
        kinds = {"reads": "get", "writes": "compare_and_set"}
        found = {kind: re.search(counted % name, told, re.MULTILINE) for kind, name in kinds.items()}
        return {kind: int(match[1]) if match else 0 for kind, match in found.items()}


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
