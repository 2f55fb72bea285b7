"""Where connections come in: Unix sockets and TCP, changes of it while the program runs, and its end."""

import json
import os
import signal
import socket
import stat
import threading
import time

from support.inside import Inside
from support.processes import accepts, eventually, free_port
from support.raw import Raw, Unix, exchange, get

HOST = "shop.localhost"
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


# Unix sockets


def test_a_unix_socket_is_there_from_start_to_end(make_tombolo, tmp_path):
    path = tmp_path / "door.sock"
    tombolo = make_tombolo(http=f'["unix:{path}", "127.0.0.1:{(port := free_port())}"]', port=port).start()
    assert get(path) == 200
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert tombolo.stop() == 0
    assert not path.exists()


def test_its_mode_is_as_asked_for_whatever_the_umask(make_tombolo, tmp_path):
    path, port = tmp_path / "door.sock", free_port()
    tombolo = make_tombolo(http=f'["unix:{path}", "127.0.0.1:{port}"]', port=port, extra_listen='unix_mode = "0666"')
    before = os.umask(0o077)
    try:
        tombolo.start()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666


def test_a_socket_that_a_dead_process_left_is_replaced(make_tombolo, tmp_path):
    path, port = tmp_path / "door.sock", free_port()
    settings = {"http": f'["unix:{path}", "127.0.0.1:{port}"]', "port": port}
    first = make_tombolo(**settings).start()
    first.kill()
    assert path.exists()
    make_tombolo(**settings).start()
    assert get(path) == 200


def test_a_socket_of_a_living_process_and_what_is_no_socket_are_not(make_tombolo, tmp_path):
    path, port = tmp_path / "door.sock", free_port()
    first = make_tombolo(http=f'["unix:{path}", "127.0.0.1:{port}"]', port=port).start()
    second = make_tombolo(http=f'"unix:{path}"')
    assert "cannot listen on unix:" in second.refusal()
    assert get(path) == 200
    assert first.stop() == 0
    path.write_text("precious")
    assert "cannot listen on unix:" in second.refusal()
    assert path.read_text() == "precious"


def test_with_reuse_port_a_unix_socket_is_taken_over(make_tombolo, tmp_path):
    path, ports = tmp_path / "door.sock", [free_port(), free_port()]
    first, second = (
        make_tombolo(http=f'["unix:{path}", "127.0.0.1:{port}"]', port=port, extra_listen="reuse_port = true") for port in ports
    )
    first.start()
    with Unix(path) as kept:
        assert kept.send(REQUEST).answer()[0] == 200
        second.start()
        assert kept.send(REQUEST).answer()[0] == 200
        assert first.stop() == 0
    assert get(path) == 200, "the first has removed the file of the second"
    assert second.stop() == 0
    assert os.listdir(tmp_path / "tombolo-1") and not path.exists() and not path.with_suffix(".sock.new").exists()


def forwarded_for(path, sent):
    """The value that reached the upstream, which tells us."""
    with Unix(path) as raw:
        code, _, body = raw.send(sent).answer()
        assert code == 200
        return [value for name, value in json.loads(body)["headers"] if name == "X-Forwarded-For"]


def test_whoever_may_connect_to_a_unix_socket_is_believed(make_tombolo, tmp_path):
    """Its mode has let them in, and a proxy there has no address that could be trusted."""
    path, port = tmp_path / "door.sock", free_port()
    make_tombolo(http=f'["unix:{path}", "127.0.0.1:{port}"]', port=port).start()
    fields = REQUEST.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
    assert forwarded_for(path, fields) == ["192.0.2.1, 127.0.0.1"]


def test_the_proxy_protocol_on_a_unix_socket(make_tombolo, tmp_path):
    path, port = tmp_path / "door.sock", free_port()
    make_tombolo(http=f'["unix:{path}", "127.0.0.1:{port}"]', port=port, extra_listen="proxy_protocol = true").start()
    assert forwarded_for(path, b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n" + REQUEST) == ["192.0.2.1"]
    with Unix(path) as raw:
        assert raw.send(REQUEST).is_closed()


# TCP


def test_ipv6_is_a_listener_of_its_own(make_tombolo):
    port = free_port()
    make_tombolo(http=f'["0.0.0.0:{port}", "[::]:{port}"]', port=port).start()
    assert get(port) == 200
    assert get(port, address="::1") == 200


def test_ipv6_alone_does_not_take_ipv4(make_tombolo):
    port, other = free_port(), free_port()
    make_tombolo(http=f'["[::]:{port}", "127.0.0.1:{other}"]', port=other).start()
    assert get(port, address="::1") == 200
    assert not accepts(port)


# Changes while it runs


def listening(tombolo, **settings):
    tombolo.settings |= settings
    tombolo.write()
    tombolo.reload()


def test_listeners_come_and_go_and_connections_stay(make_tombolo, tmp_path):
    stays, goes, comes, path = free_port(), free_port(), free_port(), tmp_path / "door.sock"
    tombolo = make_tombolo(http=f'["127.0.0.1:{stays}", "127.0.0.1:{goes}"]', port=stays).start()
    inode = listening_inode(stays)
    with Raw(stays) as kept, Raw(goes) as orphan:
        assert kept.send(REQUEST).answer()[0] == orphan.send(REQUEST).answer()[0] == 200
        listening(tombolo, http=f'["127.0.0.1:{stays}", "127.0.0.1:{comes}", "unix:{path}"]')
        eventually(lambda: accepts(comes) and path.exists(), what="the new listeners")
        eventually(lambda: not accepts(goes), what="the end of the old one")
        assert get(comes) == get(path) == get(stays) == 200
        assert kept.send(REQUEST).answer()[0] == orphan.send(REQUEST).answer()[0] == 200
        assert listening_inode(stays) == inode, "the listener that stays was opened anew"
        listening(tombolo, http=f'["127.0.0.1:{stays}"]')
        eventually(lambda: not path.exists(), what="the end of the Unix socket")
        assert kept.send(REQUEST).answer()[0] == 200


def listening_inode(port):
    for line in open("/proc/net/tcp"):
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].partition(":")[2], 16) == port:
            return fields[9]


def test_an_address_that_is_taken_changes_nothing_and_is_said_and_counted(make_tombolo, echo):
    port, free, inside = free_port(), free_port(), Inside()
    tombolo = make_tombolo(http=f'["127.0.0.1:{port}"]', port=port, extra=inside.section).start()

    def reloads(outcome):
        return inside.numbers().sum("tombolo_configuration_reloads_total", outcome=outcome)

    loaded = inside.numbers().sum("tombolo_configuration_last_success_timestamp_seconds")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        tombolo.domains.write_text(f"{HOST} {echo.url}\nnew.localhost {echo.url}\n")
        tombolo.sites["new.localhost"] = echo.url
        listening(tombolo, http=f'["127.0.0.1:{free}", "127.0.0.1:{number}"]')
        eventually(lambda: f"cannot listen on 127.0.0.1:{number}" in tombolo.logged(), what="the report")
        assert get(port) == 200
        assert not accepts(free)
        assert exchange(port, REQUEST.replace(b"shop.", b"new."))[0] == 421, "half of the configuration is in force"
        eventually(lambda: "the new listeners cannot be had" in tombolo.logged(), what="what became of it")
        assert reloads("failed") > 0 and reloads("ok") == 0
        assert inside.numbers().sum("tombolo_configuration_last_success_timestamp_seconds") == loaded
        assert "the configuration is in force" not in tombolo.logged()
    tombolo.reload()
    eventually(lambda: accepts(number) and accepts(free), what="the address that is free now")
    assert exchange(free, REQUEST.replace(b"shop.", b"new."))[0] == 200
    assert eventually(lambda: reloads("ok")) > 0


def test_the_proxy_protocol_can_be_switched_on_for_a_listener_that_stays(make_tombolo):
    tombolo = make_tombolo().start()
    inode = listening_inode(tombolo.port)
    listening(tombolo, extra_listen='trusted_proxies = ["127.0.0.1"]\nproxy_protocol = true')
    header = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"
    eventually(lambda: (exchange(tombolo.port, header + REQUEST) or [0])[0] == 200, what="the protocol")
    assert exchange(tombolo.port, REQUEST) is None
    assert listening_inode(tombolo.port) == inode


# The end


def test_a_request_that_has_begun_or_is_on_its_way_is_answered_at_the_end(make_tombolo):
    """What was accepted before the end is served, even if it says nothing until then."""
    tombolo = make_tombolo().start()
    with Raw(tombolo.port) as fresh, Raw(tombolo.port) as used:
        assert used.send(REQUEST).answer()[0] == 200
        # The second answer shows that the connection that was made before has been accepted, too.
        assert get(tombolo.port) == 200
        ended = threading.Thread(target=tombolo.stop)
        tombolo.program.send_signal(signal.SIGTERM)
        eventually(lambda: "SIGTERM" in tombolo.logged(), what="the signal")
        for connection in (fresh, used):
            code, head, _ = connection.send(REQUEST).answer()
            assert code == 200
            assert b"connection: close" in head.lower()
        ended.start()
        ended.join()


def test_a_silent_connection_does_not_hold_up_the_end(make_tombolo):
    tombolo = make_tombolo().start()
    with Raw(tombolo.port) as silent:
        assert silent.send(REQUEST).answer()[0] == 200
        began = time.monotonic()
        assert tombolo.stop() == 0
        assert time.monotonic() - began < 5
        assert silent.is_closed()
