"""What the tests of the package share: it is made once, and so is the bare Debian that it is put into."""

import ctypes
import os
import tempfile
from pathlib import Path

import pytest

from support.bare_tree import BareTree, build_package, call


def own_mounts():
    """What is mounted from now on, this process and its children see alone; it is gone with them, however they end."""
    new_namespace = 0x00020000  # CLONE_NEWNS, see unshare(2)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_namespace) != 0:
        pytest.fail(f"no mount namespace can be made: {os.strerror(ctypes.get_errno())}", pytrace=False)
    call("mount", "--make-rprivate", "/")


@pytest.fixture(scope="session")
def place():
    """Where the trees are: in memory, as making them is mostly waiting for the disk."""
    if os.geteuid() != 0:
        pytest.fail("only root can make a Debian tree and change into it: run this as root", pytrace=False)
    with tempfile.TemporaryDirectory(prefix="tombolo-package-") as folder:
        own_mounts()
        call("mount", "-t", "tmpfs", "-o", "mode=0755", "tombolo-package", folder)
        yield Path(folder)
        call("umount", "--lazy", folder)


@pytest.fixture(scope="session")
def package(program, place):
    return build_package(program, place / "first")


@pytest.fixture(scope="session")
def bare(place):
    return BareTree.make(place / "bare")


@pytest.fixture(scope="session")
def installed(bare, package, place):
    tree = bare.copy(place / "installed")
    tree.install(package)
    return tree
