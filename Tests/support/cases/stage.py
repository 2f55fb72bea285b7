"""The client's and the upstream's sockets of one case, moved by one thread."""

import select
import socket
import struct
import time

PATIENCE = 5.0


class End:
    """One connection, seen from the test: what came, what is still to be sent, and how it ended."""

    def __init__(self, connection):
        self.socket = connection
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.all = b""  # everything that ever came
        self.taken = 0  # how much of it the script has accounted for
        self.outbound = b""
        self.ended = None  # "end" or "reset", as the other side left
        self.is_closed = False
        self.cannot_send = False

    @property
    def unread(self):
        return self.all[self.taken :]

    def receive(self):
        try:
            while part := self.socket.recv(1 << 18):
                self.all += part
            self.ended = "end"
        except BlockingIOError:
            pass
        except OSError:
            self.ended = "reset"

    def transmit(self):
        try:
            while self.outbound:
                self.outbound = self.outbound[self.socket.send(self.outbound) :]
        except BlockingIOError:
            pass
        except OSError:
            # What was not sent cannot be: whether that is right, the script tells by what it expects to see.
            self.outbound, self.cannot_send = b"", True

    def shut(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.cannot_send = True

    def close(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.is_closed = True


class Stage:
    """A listener that stands for the upstream, its connections in the order in which they came, and the clients."""

    def __init__(self, port, listener):
        self.port, self.listener = port, listener
        self.clients, self.upstreams = {}, {}

    def client(self, number):
        if number not in self.clients:
            self.clients[number] = End(socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE))
        return self.clients[number]

    def ends(self):
        return [*self.clients.values(), *self.upstreams.values()]

    def pump(self, done, seconds):
        """Moves bytes until `done()`; returns whether it came about in time."""
        limit = time.monotonic() + seconds
        while True:
            if done():
                return True
            left = limit - time.monotonic()
            if left < 0:
                return False
            self.turn(left)

    def turn(self, seconds):
        poll = select.poll()
        by_number = {self.listener.fileno(): None}
        poll.register(self.listener, select.POLLIN)
        for end in self.ends():
            wanted = (0 if end.ended else select.POLLIN) | (select.POLLOUT if end.outbound else 0)
            if wanted and not end.is_closed:
                poll.register(end.socket, wanted)
                by_number[end.socket.fileno()] = end
        for number, events in poll.poll(seconds * 1000):
            end = by_number[number]
            if end is None:
                self.upstreams[len(self.upstreams) + 1] = End(self.listener.accept()[0])
                continue
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
                end.receive()
            if end.outbound:
                end.transmit()

    def close(self):
        for end in self.ends():
            end.close()
        self.listener.setblocking(False)
        try:
            while True:
                self.listener.accept()[0].close()
        except OSError:
            return


def listen():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    listener.settimeout(PATIENCE)
    return listener
