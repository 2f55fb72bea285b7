"""The command line as an operator meets it, and the quickstart."""

import os
import socket
import subprocess

from support.processes import ROOT, free_port
from support.tombolo import Tombolo


def call(program, *arguments, **environment):
    return subprocess.run(
        [str(program), *map(str, arguments)],
        env={**os.environ, "SHOP_SECRET_KEY": "x", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_check_accepts_a_good_configuration_and_names_every_mistake_of_a_bad_one(program, tmp_path):
    tombolo = Tombolo(tmp_path / "a", {"shop.localhost": "http://127.0.0.1:1"})
    good = call(program, "check", "--config", tombolo.config)
    assert good.returncode == 0, good.stdout + good.stderr

    text = tombolo.config.read_text().replace("[store]", "[sotre]").replace('"brands"', '"b r"')
    tombolo.config.write_text(text)
    tombolo.domains.write_text("shop.localhost\n")
    bad = call(program, "check", "--config", tombolo.config)
    output = bad.stdout + bad.stderr
    assert bad.returncode != 0
    assert "tombolo.toml:" in output and "sotre" in output and "b r" in output


def test_check_tells_where_operators_look(program, tmp_path):
    extra = '[internal]\nlisten = ["127.0.0.1:9180", "unix:/run/x.sock"]\n'
    log = 'access = true\naccess_path = "access.log"'
    tombolo = Tombolo(tmp_path / "a", {"shop.localhost": "http://127.0.0.1:1"}, extra=extra, extra_log=log)
    told = call(program, "check", "--config", tombolo.config).stdout
    assert "  internal 127.0.0.1:9180, unix:/run/x.sock\n" in told
    assert f"  access   json to {tombolo.folder}/access.log\n" in told


def test_check_warns_of_shared_cookies_whose_login_nobody_notices(program, tmp_path):
    sites = {"shop.localhost": "http://127.0.0.1:1"}
    known = call(program, "check", "--config", Tombolo(tmp_path / "a", sites).config)
    blind = call(program, "check", "--config", Tombolo(tmp_path / "b", sites, login=False).config)
    assert known.returncode == blind.returncode == 0
    assert "login signal" not in known.stdout and "warning" in blind.stdout and "login signal" in blind.stdout


def test_run_says_what_is_wrong_and_ends(program, tmp_path):
    missing = call(program, "run", "--config", tmp_path / "none.toml")
    assert missing.returncode != 0 and "none.toml" in missing.stdout + missing.stderr

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        tombolo = Tombolo(tmp_path / "a", {"shop.localhost": "http://127.0.0.1:1"}, port=port)
        busy = call(program, "run", "--config", tombolo.config)
        assert busy.returncode != 0 and str(port) in busy.stdout + busy.stderr


def test_keys_are_made_for_their_owner_only_and_rotate_without_ending_sessions(program, start_tombolo, echo, visitor):
    from support.upstreams import session_id

    tombolo = start_tombolo({"shop.localhost": echo.url})
    keys = tombolo.folder / "tombolo.keys"
    assert keys.stat().st_mode & 0o077 == 0
    person = visitor()
    session = session_id(person.visit(tombolo.url("shop.localhost")))
    before = keys.read_text()
    rotated = call(program, "keys", "rotate", "--config", tombolo.config)
    assert rotated.returncode == 0, rotated.stdout + rotated.stderr
    assert keys.read_text() != before and keys.stat().st_mode & 0o077 == 0
    tombolo.stop()
    tombolo.start()
    assert session_id(person.visit(tombolo.url("shop.localhost"))) == session


def test_the_quickstart_checks_itself(program):
    port = free_port()
    done = subprocess.run(
        [ROOT / "deploy" / "quickstart", "--check"],
        env={**os.environ, "TOMBOLO_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well." in done.stdout
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "something still listens"


def test_the_quickstart_says_when_its_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [ROOT / "deploy" / "quickstart", "--check"],
            env={**os.environ, "TOMBOLO_PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode != 0
    assert f"Port {port} is taken" in done.stderr and "TOMBOLO_PORT=" in done.stderr
