"""The sample apps of deploy/samples, started as the quickstart starts them."""

import json
import sys
from pathlib import Path

from . import contract
from .processes import ROOT, Program, free_port

SAMPLES = ROOT / "deploy" / "samples"


class App(Program):
    def __init__(self, name, command, *, port, folder, env, cwd):
        self.requests = Path(folder) / f"{name}.requests"
        env = {**env, "APP_LOG": str(self.requests)}
        super().__init__(name, command, port=port, log=Path(folder) / f"{name}.log", cwd=cwd, env=env)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def seen(self):
        """The requests that the app itself saw: method, path and header fields, in order."""
        if not self.requests.exists():
            return []
        return [json.loads(line) for line in self.requests.read_text().splitlines()]

    def cookies_seen(self):
        """The names of all cookies that ever reached the app."""
        names = set()
        for request in self.seen():
            for name, value in request["headers"]:
                if name.lower() == "cookie":
                    names |= {pair.split("=", 1)[0].strip() for pair in value.split(";") if pair.strip()}
        return names

    def headers_seen(self):
        """The lower-case names of all header fields that ever reached the app."""
        return {name.lower() for request in self.seen() for name, _ in request["headers"]}


def shop(folder, sites):
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", "app", "run", "--port", port, "--with-threads"]
    env = {"SHOP_SECRET_KEY": contract.SECRET, "SITES": " ".join(sites)}
    return App("shop", command, port=port, folder=folder, env=env, cwd=SAMPLES / "shop")


def club(folder, sites):
    port = free_port()
    kept = Path(folder) / "php-sessions"
    kept.mkdir(exist_ok=True)
    command = ["php", "-d", f"session.save_path={kept}", "-S", f"127.0.0.1:{port}", "-t", SAMPLES / "club"]
    return App("club", command, port=port, folder=folder, env={"SITES": " ".join(sites)}, cwd=SAMPLES / "club")
