"""A bare Debian in a folder, and programs that run in it."""

import os
import shutil
import subprocess
from pathlib import Path

from .processes import ROOT

# In a mount namespace of its own: what is mounted is gone with the process, however it ends.
WITH_PROC = 'tree=$1; shift; mount -t proc proc "$tree/proc"; exec chroot "$tree" "$@"'


def call(*command, check=True, **options):
    """Runs a command to its end; what it wrote is in the result, and in the failure if it fails."""
    options = {"capture_output": True, "text": True, "timeout": 400, **options}
    done = subprocess.run([str(part) for part in command], **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def release():
    """The name of the Debian that this computer runs, for which packages are made here."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("VERSION_CODENAME="))


def mirror():
    """Where this computer's apt gets that Debian from."""
    wanted = ["$(REPO_URI)", "$(RELEASE)", "$(COMPONENT)"]
    targets = call("apt-get", "indextargets", "--format", " ".join(wanted), "Created-By: Packages").stdout.splitlines()
    for address, suite, component in map(str.split, targets):
        if (suite, component) == (release(), "main"):
            return address
    raise AssertionError(f"apt has no source with {release()} main: {targets}")


def environment():
    """Apt's proxy for programs that look for it in the environment; no language, and no questions."""
    proxy = call("apt-config", "shell", "proxy", "Acquire::http::Proxy").stdout.strip().partition("=")[2].strip("'")
    settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return {**settings, "http_proxy": proxy} if proxy else settings


class BareTree:
    def __init__(self, folder):
        self.folder = Path(folder)

    @classmethod
    def make(cls, folder):
        """The smallest Debian that has apt, with nothing that may start a service."""
        tree = cls(folder)
        # The tree need not survive a power failure.
        (tree / "etc/dpkg/dpkg.cfg.d").mkdir(parents=True)
        (tree / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
        make = ["debootstrap", "--variant=minbase", release(), tree.folder, mirror()]
        call("unshare", "--mount", "--propagation", "private", *make, env=environment())
        policy = tree / "usr/sbin/policy-rc.d"
        policy.write_text('#!/bin/sh\necho "$@" >>/srv/asked-for\nexit 101\n')
        policy.chmod(0o755)
        tree.run("apt-get", "update")
        return tree

    def copy(self, folder):
        call("cp", "-a", "--reflink=auto", self.folder, folder)
        return BareTree(folder)

    def __truediv__(self, path):
        return self.folder / path

    def command(self, *command, user=None):
        """The words that run a command in the tree, by exec all the way: the process is the command's own."""
        if user:
            command = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", *command]
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", WITH_PROC, "sh"]
        return [*enter, self.folder, *command]

    def run(self, *command, user=None, **options):
        return call(*self.command(*command, user=user), **{"env": environment(), **options})

    def install(self, package):
        """As an administrator does it, with what it depends on."""
        shutil.copy(package, self / "srv")
        command = ["apt-get", "install", "--yes", "--no-install-recommends"]
        return self.run(*command, f"/srv/{Path(package).name}")


def build_package(program, output, revision=1, **environment):
    """Makes the package; pressed lightly, as pressing well takes most of the time."""
    quick = {"DPKG_DEB_COMPRESSOR_TYPE": "gzip", "DPKG_DEB_COMPRESSOR_LEVEL": "1"}
    command = [ROOT / "deploy" / "debian" / "build", "--binary", program, "--revision", revision, "--output", output]
    return Path(call(*command, env={**os.environ, **quick, **environment}).stdout.strip())


def fields(package):
    lines = call("dpkg-deb", "--field", package).stdout.splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith(" "))


def relations(text):
    return [part.split()[0] for part in text.split(", ")]


def configure(tree, host, upstream, listen):
    """What an administrator changes after the installation: where it listens, and the domains."""
    config, domains = tree / "etc/tombolo/config.toml", tree / "etc/tombolo/brands.domains"
    text = config.read_text()
    for old, new in [
        ('"127.0.0.1:8080"', f'"{listen}"'),
        ('"shop.example"', f'"{host}"'),
        ("#share_cookies", "share_cookies"),
    ]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    config.write_text(text)
    domains.write_text(f"{host} {upstream}\n")
