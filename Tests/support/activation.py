"""Does what systemd does for a unit with sockets. Run as a program: `python activation.py FD=NAME… -- COMMAND…` puts the
descriptors, which it must have inherited, where they belong, tells the command of them, and becomes it."""

import os
import sys


def become(arguments):
    split = arguments.index("--")
    sockets = [entry.partition("=")[::2] for entry in arguments[:split]]
    # Out of the way first: a descriptor may be where another belongs.
    copies = [os.dup2(int(number), 100 + index) for index, (number, _) in enumerate(sockets)]
    for index, copy in enumerate(copies):
        os.dup2(copy, 3 + index, inheritable=True)
        os.close(copy)
    os.environ |= {
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDS": str(len(sockets)),
        "LISTEN_FDNAMES": ":".join(name for _, name in sockets),
    }
    os.execv(arguments[split + 1], arguments[split + 1 :])


def activated(tombolo, **sockets):
    """Has a Tombolo that is not running yet start with these sockets, which stay open here."""
    numbers = {name: each.fileno() for name, each in sockets.items()}
    tombolo.program.pass_fds = tuple(numbers.values())
    pairs = [f"{number}={name}" for name, number in numbers.items()]
    tombolo.program.command = [sys.executable, __file__, *pairs, "--", *tombolo.program.command]
    return tombolo


if __name__ == "__main__":
    become(sys.argv[1:])
