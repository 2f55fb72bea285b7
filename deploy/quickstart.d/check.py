"""Waits until the apps and Tombolo answer on all addresses; with --cart, also takes a cart from one shop to the other."""

import argparse
import http.client
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests"))
from support.visitor import Visitor  # noqa: E402

HOSTS = ["shop.localhost", "shop-deutschland.localhost", "club.localhost"]


def answers(port, host, seconds):
    """Whether a page comes within so many seconds; otherwise what came last."""
    end = time.monotonic() + seconds
    while True:
        try:
            status = Visitor("plain").visit(f"http://{host}:{port}/").status
            if status == 200:
                return None
            trouble = f"answered {status}"
        except (OSError, http.client.HTTPException) as error:
            trouble = str(error)
        if time.monotonic() > end:
            return trouble
        time.sleep(0.1)


def cart_crosses(port):
    """Fills a cart on the shop and looks for it on the other domain, as a browser with strict cookie rules would."""
    shop, germany = (f"http://{host}:{port}" for host in HOSTS[:2])
    person = Visitor("firefox")
    person.visit(shop + "/")
    person.visit(shop + "/add/teapot", initiator=shop + "/", method="POST", form={})
    return "teapot" in (person.visit(germany + "/").element("cart") or "")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--apps", type=int, nargs="+", default=[])
    arguments.add_argument("--cart", action="store_true")
    given = arguments.parse_args()

    checks = [(port, "127.0.0.1") for port in given.apps] + [(given.port, host) for host in HOSTS]
    for port, host in checks:
        if trouble := answers(port, host, seconds=30):
            print(f"http://{host}:{port} does not answer: {trouble}", file=sys.stderr)
            return 1
        print(f"http://{host}:{port} answers")
    if given.cart:
        if not cart_crosses(given.port):
            print("A cart filled at shop.localhost did not arrive at shop-deutschland.localhost.", file=sys.stderr)
            return 1
        print("A cart filled at shop.localhost is at shop-deutschland.localhost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
