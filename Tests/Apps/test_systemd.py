"""The units of the package under a real systemd, with everything that they forbid: sockets that outlive the service,
restarts and upgrades that nobody notices, and what becomes of mistakes."""

import resource
import threading

import pytest

from support.bare_tree import build_package, call, configure
from support.booted import Booted
from support.processes import eventually, free_port
from support.raw import Raw

pytestmark = pytest.mark.timeout(590)

HOST = "shop.localhost"
SERVICE, HTTP, HTTPS = "tombolo.service", "tombolo-http.socket", "tombolo-https.socket"


@pytest.fixture(scope="module")
def machine(bare, package, place):
    """A booted Debian with the package, which was installed while systemd ran."""
    tree = bare.copy(place / "booted")
    tree.run("apt-get", "install", "--yes", "--no-install-recommends", "systemd-sysv")
    (tree / "usr/sbin/policy-rc.d").unlink()
    machine = Booted(tree, place / "booted.log")
    try:
        machine.start()
        install(machine, package)
        yield machine
    finally:
        machine.stop()


def install(machine, package):
    call("cp", package, machine.tree / "srv")
    command = ["apt-get", "install", "--yes", "--no-install-recommends", f"/srv/{package.name}"]
    return machine.run(*command)


@pytest.fixture
def port(machine, echo):
    """The port that systemd holds for a configured service, which the first request starts."""
    port = free_port()
    dropin = machine.tree / f"etc/systemd/system/{HTTP}.d"
    dropin.mkdir(parents=True, exist_ok=True)
    (dropin / "port.conf").write_text(f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{port}\n")
    config = machine.tree / "etc/tombolo/config.toml"
    packaged = [(path, path.read_bytes()) for path in (config, config.with_name("brands.domains"))]
    configure(machine.tree, HOST, echo.url, "systemd:http")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", HTTP)
    yield port
    print(machine.journal())
    machine.run("systemctl", "stop", HTTP, SERVICE, check=False)
    for path, text in packaged:
        if path.exists():
            path.write_bytes(text)


def ask(port):
    """One request on a connection of its own: its status, or what went wrong."""
    try:
        raw = Raw(port, timeout=30)
        answer = raw.send(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()).answer()
        return answer[0] if answer else "no answer"
    except OSError as error:
        return repr(error)


class Load:
    """Requests on connections of their own from some threads, until the end of the block."""

    def __init__(self, port, threads=4):
        self.answers, self.stop = [], threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(port,), daemon=True) for _ in range(threads)]

    def _ask(self, port):
        while not self.stop.is_set():
            self.answers.append(ask(port))

    def __enter__(self):
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for each in self.threads:
            each.join(60)


def test_the_installation_starts_nothing(machine):
    for unit in (SERVICE, HTTP, HTTPS):
        assert machine.show(unit, "LoadState") == "loaded"
        assert machine.show(unit, "ActiveState") == "inactive"
        assert machine.show(unit, "UnitFileState") == "disabled"


def test_the_units_are_sound_and_little_exposed(machine):
    told = machine.run("systemd-analyze", "verify", "--man=no", SERVICE, HTTP, HTTPS)
    assert "tombolo" not in told.stderr, told.stderr
    # Of 10, which is a service without any protection. What is left is the network, which it is for.
    unit = machine.tree / "lib/systemd/system" / SERVICE
    score = call("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=16", unit, check=False)
    assert score.returncode == 0, score.stdout


def test_a_connection_starts_the_service_and_it_may_do_little(machine, port):
    assert machine.show(SERVICE, "ActiveState") == "inactive"
    assert ask(port) == 200
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert machine.show(SERVICE, "NotifyAccess") == "main"
    # As the kernel sees it, not as the unit says it.
    pid = machine.show(SERVICE, "MainPID")
    text = machine.run("cat", f"/proc/{pid}/status").stdout
    status = {name: value.split() for name, _, value in (line.partition(":") for line in text.splitlines())}
    assert status["Uid"] == [machine.run("id", "--user", "tombolo").stdout.strip()] * 4
    only_low_ports = f"{1 << 10:016x}"
    assert [status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")] == [[only_low_ports]] * 4
    assert status["NoNewPrivs"] == ["1"] and status["Seccomp"] == ["2"] and status["Umask"] == ["0077"]
    # Not more than this computer itself may have.
    descriptors = str(min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    limits = machine.run("cat", f"/proc/{pid}/limits").stdout
    assert [line.split()[3:5] for line in limits.splitlines() if "open files" in line] == [[descriptors] * 2]
    state = [f"/var/lib/tombolo/tombolo.{name}" for name in ("keys", "sqlite")]
    seen = machine.run("stat", "--format", "%a %U %n", *state).stdout.splitlines()
    assert seen == [f"600 tombolo {path}" for path in state]
    # Every line of the log is Tombolo's.
    lines = [line for line in machine.journal().splitlines() if f" tombolo[{pid}]: " in line]
    assert lines and all('{"time":' in line for line in lines), lines


def test_nobody_notices_a_restart_nor_an_upgrade(program, machine, port, place):
    assert ask(port) == 200
    processes = [machine.show(SERVICE, "MainPID")]
    second = build_package(program, place / "upgrade", revision=2)
    with Load(port) as load:
        for change in (lambda: machine.run("systemctl", "restart", SERVICE), lambda: install(machine, second)):
            before = len(load.answers)
            eventually(lambda: len(load.answers) > before + 100, what="requests before the change")
            change()
            after = len(load.answers)
            eventually(lambda: len(load.answers) > after + 100, what="requests after the change")
            processes.append(machine.show(SERVICE, "MainPID"))
    assert len(set(processes)) == 3, processes
    assert machine.run("dpkg-query", "--show", "--showformat", "${Version}", "tombolo").stdout.endswith("-2")
    assert set(load.answers) == {200}, {answer: load.answers.count(answer) for answer in set(load.answers)}
    print(f"{len(load.answers)} requests")


def test_a_reload_with_mistakes_fails_with_their_lines_and_changes_nothing(machine, port):
    assert ask(port) == 200
    pid = machine.show(SERVICE, "MainPID")
    config = machine.tree / "etc/tombolo/config.toml"
    good = config.read_text()
    machine.run("systemctl", "reload", SERVICE)
    config.write_text(good.replace("[store]", "[sotre]"))
    refused = machine.run("systemctl", "reload", SERVICE, check=False)
    assert refused.returncode != 0
    assert "/etc/tombolo/config.toml:" in machine.journal() and "sotre" in machine.journal()
    assert ask(port) == 200 and machine.show(SERVICE, "MainPID") == pid
    # Nor does it start over and over with them.
    machine.run("systemctl", "stop", HTTP, SERVICE)
    assert machine.run("systemctl", "start", SERVICE, check=False).returncode != 0
    assert machine.show(SERVICE, "NRestarts") == "0" and machine.show(SERVICE, "ExecMainStatus") == "1"
    machine.run("systemctl", "reset-failed", SERVICE)


def test_a_crash_is_followed_by_a_start(machine, port):
    assert ask(port) == 200
    pid = machine.show(SERVICE, "MainPID")
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", SERVICE)
    assert ask(port) == 200
    assert machine.show(SERVICE, "MainPID") not in (pid, "0")
    assert machine.show(SERVICE, "NRestarts") == "1"


def test_removal_ends_sockets_and_service(machine, port):
    machine.run("systemctl", "enable", HTTP, SERVICE)
    assert ask(port) == 200
    machine.run("apt-get", "purge", "--yes", "tombolo")
    assert ask(port) != 200
    assert machine.run("systemctl", "list-units", "--plain", "--no-legend", "tombolo*").stdout == ""
    assert not list((machine.tree / "etc/systemd/system").glob("*.wants/tombolo*"))
