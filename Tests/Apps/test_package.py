"""The Debian package and the container file in a bare Debian: the package is made from the program under test,
installed, used, upgraded, removed, purged. Makes whole trees, so it needs root."""

import gzip
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from support.bare_tree import build_package, call, configure, fields, relations
from support.certificates import Authority
from support.processes import ROOT, Program, free_port
from support.raw import Raw
from support.upstreams import Scripted, received, session_id

pytestmark = pytest.mark.timeout(590)

DEPLOY = ROOT / "deploy"
HOST = "shop.localhost"


class Service:
    """`tombolo run` in a tree, as the unit starts it but for systemd."""

    COMMAND = ("/usr/bin/tombolo", "run", "--config", "/etc/tombolo/config.toml")

    def __init__(self, tree, port, log, user="tombolo", command=COMMAND):
        self.program = Program("tombolo", tree.command(*command, user=user), port=port, log=log)

    def __enter__(self):
        return self.program.start()

    def __exit__(self, *_):
        print(self.program.output())
        assert self.program.stop() == 0


def test_the_same_program_makes_the_same_package(program, package, place):
    again = build_package(program, place / "again")
    assert again.name == package.name
    assert again.read_bytes() == package.read_bytes()
    dated = build_package(program, place / "dated", SOURCE_DATE_EPOCH="1700000000")
    assert dated.read_bytes() != package.read_bytes()
    assert "2023-11-14" in call("dpkg-deb", "--contents", dated, env={**os.environ, "TZ": "UTC"}).stdout


def test_the_package_says_what_the_program_needs(program, package):
    control = fields(package)
    version = call(program, "--version").stdout.strip()
    assert control["Version"] == f"{version}-1"
    # Swift's runtime, SQLite and the codings are inside; what is left is in every Debian.
    assert relations(control["Depends"]) == ["libc6", "libgcc-s1", "libpsl5", "libstdc++6", "adduser"]
    with tempfile.TemporaryDirectory() as folder:
        call("dpkg-deb", "--raw-extract", package, folder)
        binary = Path(folder, "usr/bin/tombolo")
        dynamic = call("readelf", "--dynamic", binary).stdout
        assert "RUNPATH" not in dynamic and "RPATH" not in dynamic
        sections = call("readelf", "--sections", "--wide", binary).stdout
        assert ".symtab" not in sections and ".debug_info" not in sections
        page = gzip.decompress(Path(folder, "usr/share/man/man1/tombolo.1.gz").read_bytes()).decode()
    commands = re.findall(r"^  (\w+)  ", call(program, "--help").stdout.partition("SUBCOMMANDS:")[2], re.MULTILINE)
    assert {"run", "check", "keys"} <= set(commands)
    for command in commands:
        assert re.search(rf"^\.B {command}\b", page, re.MULTILINE), f"the manual page does not know {command}"


def test_a_program_that_needs_swift_is_not_packaged(place):
    swift = Path(shutil.which("swift")).resolve().with_name("swift-build")
    refused = call(DEPLOY / "debian" / "build", "--binary", swift, "--output", place, check=False)
    assert refused.returncode != 0 and "--static-swift-stdlib" in refused.stderr


def test_lintian_has_nothing_to_say(package):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not here: a hundred packages for one look")
    told = call("lintian", "--allow-root", "--fail-on", "error,warning", package, check=False)
    assert told.returncode == 0 and "E:" not in told.stdout, told.stdout


def test_what_is_installed(installed):
    paths = [
        "/etc/tombolo/config.toml",
        "/etc/tombolo/brands.domains",
        "/etc/tombolo/private",
        "/usr/bin/tombolo",
        "/lib/systemd/system/tombolo.service",
        "/usr/share/man/man1/tombolo.1.gz",
        "/var/lib/tombolo",
    ]
    assert installed.run("stat", "--format", "%a %U:%G %n", *paths).stdout.splitlines() == [
        "644 root:root /etc/tombolo/config.toml",
        "644 root:root /etc/tombolo/brands.domains",
        "2750 root:tombolo /etc/tombolo/private",
        "755 root:root /usr/bin/tombolo",
        "644 root:root /lib/systemd/system/tombolo.service",
        "644 root:root /usr/share/man/man1/tombolo.1.gz",
        "700 tombolo:tombolo /var/lib/tombolo",
    ]
    conffiles = installed.run("dpkg-query", "--show", "--showformat", "${Conffiles}", "tombolo").stdout.split()[::2]
    assert conffiles == ["/etc/tombolo/brands.domains", "/etc/tombolo/config.toml"]
    assert installed.run("dpkg", "--verify", "tombolo").stdout == ""
    assert installed.run("getent", "passwd", "tombolo").stdout.strip().endswith(":/var/lib/tombolo:/usr/sbin/nologin")
    assert not list((installed / "var/lib/tombolo").iterdir())


def test_nothing_is_started_or_enabled(installed):
    assert not (installed / "srv/asked-for").exists() or "tombolo" not in (installed / "srv/asked-for").read_text()
    wanted = [*(installed / "etc/systemd/system").rglob("tombolo*")]
    assert wanted == []


def test_the_example_is_valid_and_harmless(program, installed):
    version = installed.run("tombolo", "--version").stdout
    assert version == call(program, "--version").stdout
    checked = installed.run("tombolo", "check", "--offline", "--config", "/etc/tombolo/config.toml", user="tombolo")
    assert "valid" in checked.stdout and "warning" not in checked.stdout + checked.stderr
    # Nobody can reach it from outside, and names that nobody has lead to this computer.
    assert re.search(r"^ +listen +127\.0\.0\.1:8080$", checked.stdout, re.MULTILINE)
    text = (installed / "etc/tombolo/brands.domains").read_text()
    for host, upstream in re.findall(r"^([^#\s]\S*)\s+(\S+)", text, re.MULTILINE):
        assert host.endswith(".example") and upstream.startswith("http://127.0.0.1:")


def test_sessions_and_changes_survive_an_upgrade_and_a_purge_leaves_nothing(
    program, package, installed, place, echo, visitor, tmp_path
):
    tree = installed.copy(place / "upgraded")
    port, log, person = free_port(), tmp_path / "tombolo.log", visitor()
    configure(tree, HOST, echo.url, f"127.0.0.1:{port}")
    changed = (tree / "etc/tombolo/config.toml").read_bytes()
    url = f"http://{HOST}:{port}"
    with Service(tree, port, log) as running:
        uid = int(tree.run("id", "--user", "tombolo").stdout)
        assert os.stat(f"/proc/{running.pid}").st_uid == uid
        person.visit(f"{url}/set/session/kept")
        session = session_id(person.visit(f"{url}/"))
    state = tree / "var/lib/tombolo"
    assert {path.name for path in state.iterdir()} == {"tombolo.keys", "tombolo.sqlite"}
    assert (state / "tombolo.keys").stat().st_mode & 0o777 == 0o600
    keys = (state / "tombolo.keys").read_bytes()

    tree.install(build_package(program, place / "second", revision=2))
    assert tree.run("dpkg-query", "--show", "--showformat", "${Version}", "tombolo").stdout.endswith("-2")
    assert (tree / "etc/tombolo/config.toml").read_bytes() == changed
    assert (state / "tombolo.keys").read_bytes() == keys
    with Service(tree, port, log):
        answer = person.visit(f"{url}/")
        assert session_id(answer) == session
        assert "session=kept" in "; ".join(received(answer, "Cookie"))

    secret = tree / "etc/tombolo/private/shop.secret"
    secret.write_text("the administrator's own")
    tree.run("apt-get", "remove", "--yes", "tombolo")
    assert not (tree / "usr/bin/tombolo").exists()
    assert (tree / "etc/tombolo/config.toml").read_bytes() == changed
    assert (state / "tombolo.keys").read_bytes() == keys

    tree.run("apt-get", "purge", "--yes", "tombolo")
    assert not state.exists()
    assert [path.name for path in (tree / "etc/tombolo").iterdir()] == ["private"] and secret.exists()
    assert tree.run("dpkg-query", "--show", "tombolo", check=False).returncode != 0

    secret.unlink()
    tree.install(package)
    tree.run("apt-get", "purge", "--yes", "tombolo")
    assert not (tree / "etc/tombolo").exists() and not state.exists()


def test_the_hook_of_the_readme_makes_a_renewed_certificate_readable(installed, place, tmp_path):
    tree = installed.copy(place / "renewed")
    lineage = tree / f"etc/letsencrypt/live/{HOST}"
    lineage.mkdir(parents=True)
    whole = Authority(tmp_path / "authority").issue(tmp_path / "whole.pem", HOST).read_text()
    key, end, chain = whole.partition("-----END PRIVATE KEY-----\n")
    (lineage / "fullchain.pem").write_text(chain)
    (lineage / "privkey.pem").write_text(key + end)
    (lineage / "privkey.pem").chmod(0o600)
    [hook] = re.findall(r"```sh\n(#!.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tree / "srv/hook").write_text(hook)
    tree.run("env", f"RENEWED_LINEAGE=/etc/letsencrypt/live/{HOST}", "sh", "-e", "/srv/hook")

    configure(tree, HOST, "http://127.0.0.1:5001", "127.0.0.1:8080")
    config = tree / "etc/tombolo/config.toml"
    text = config.read_text().replace("#[[tls.cert", "[[tls.cert").replace("#cert =", "cert =")
    config.write_text(text.replace("[listen]", '[listen]\nhttps = "127.0.0.1:8443"'))
    checked = tree.run("tombolo", "check", "--config", "/etc/tombolo/config.toml", user="tombolo")
    assert f"/etc/tombolo/private/{HOST}/fullchain.pem: {HOST}\n" in checked.stdout, checked.stdout
    # Nobody else may read the key.
    private = f"/etc/tombolo/private/{HOST}/privkey.pem"
    assert tree.run("cat", private, user="nobody", check=False).returncode != 0


# The container file: no engine is needed, so what it says is done in the bare tree.


def containerfile():
    """The instructions of every stage, the last one being the image."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "container" / "Containerfile").read_text(), flags=re.MULTILINE)
    stages = []
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        if word:
            stages[-1].append((word, rest))
    return stages


def test_whatever_the_container_file_copies_is_there_and_not_ignored():
    ignored = [line for line in (ROOT / ".containerignore").read_text().splitlines() if line and line[0] != "#"]
    copied = [rest.split()[:-1] for stage in containerfile() for word, rest in stage if word == "COPY"]
    sources = sum(copied, [])
    assert {"Package.swift", "Sources", "deploy", "deploy/container/ready"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists() and source not in ignored, source
    # What the package is made from is copied.
    script = (DEPLOY / "debian" / "build").read_text()
    for name in re.findall(r"\$root/([\w./-]+)", script):
        assert any(name == source or name.startswith(source + "/") for source in sources) or name == "deploy", name


def test_the_steps_of_the_image_make_one_that_runs(bare, package, place, echo, tmp_path):
    *_, image = containerfile()
    steps = dict(image)
    tree = bare.copy(place / "image")
    (tree / "package").mkdir()
    shutil.copy(package, tree / "package")
    for word, rest in image:
        if word == "RUN":
            mount, command = re.fullmatch(r"--mount=(\S+) (.*)", rest).groups()
            assert "from=build" in mount and "target=/package" in mount
            # The package says what it needs; besides comes only what it recommends.
            named = re.search(r"--no-install-recommends ([^&]*)", command)[1].split()
            assert named == [*relations(fields(package)["Recommends"]), "/package/tombolo_*.deb"]
            tree.run("sh", "-c", command)
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                shutil.copy(ROOT / source, tree / target.lstrip("/"))
    shutil.rmtree(tree / "package")

    uid, gid = steps["USER"].split(":")
    state = tree / re.fullmatch(r'\["/(.*)"\]', steps["VOLUME"])[1]
    assert (state.stat().st_uid, state.stat().st_gid) == (int(uid), int(gid))
    port = free_port()
    configure(tree, HOST, echo.url, f"127.0.0.1:{port}")
    command = [*words(steps["ENTRYPOINT"]), *words(steps["CMD"])]
    assert steps["STOPSIGNAL"] == "SIGTERM"
    with Service(tree, port, tmp_path / "image.log", user=uid, command=command):
        status, *_ = Raw(port).send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()).answer()
        assert status == 200
    assert (state / "tombolo.keys").stat().st_uid == int(uid)
    check_health(tree, words(steps["HEALTHCHECK"].partition("CMD ")[2]), uid)


def words(text):
    assert re.fullmatch(r'\[("[^"]*"(, )?)+\]', text), text
    return re.findall(r'"([^"]*)"', text)


def check_health(tree, command, uid):
    """The check itself, against what an internal listener could say."""
    for answer, status in [(b"200 OK", 0), (b"503 Service Unavailable", 1)]:
        with Scripted(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n") as internal:
            place = f"TOMBOLO_INTERNAL=127.0.0.1:{internal.port}"
            assert tree.run("env", place, *command, user=uid, check=False).returncode == status, answer
    closed = f"TOMBOLO_INTERNAL=127.0.0.1:{free_port()}"
    assert tree.run("env", closed, *command, user=uid, check=False).returncode == 1
