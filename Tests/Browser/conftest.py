"""A browser of each kind, fresh for every test."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import engines  # noqa: E402


@pytest.fixture(params=engines.ENGINES)
def engine(request):
    return request.param


@pytest.fixture
def browser(engine, monkeypatch):
    # Profiles go into a folder that ends with the test. Its name is short: Chromium keeps a Unix socket inside.
    with tempfile.TemporaryDirectory(prefix="tombolo-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setitem(os.environ, "TMPDIR", folder)
        driver = engines.ENGINES[engine]()
        driver.set_page_load_timeout(60)
        yield driver
        driver.quit()
