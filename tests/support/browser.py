"""A real browser without a window, and what checks a page in it for accessibility."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tools
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

AXE = tools.OF_NPM.parent / "axe-core" / "axe.min.js"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def opened(folder: Path) -> Iterator[webdriver.Chrome]:
    """Start Chromium with its data in a folder; it ends with the block."""
    options = Options()
    options.binary_location = tools.program("chromium")
    for flag in (*_FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(tools.program("chromedriver")))
    try:
        yield browser
    finally:
        browser.quit()


def look(browser: webdriver.Chrome, *, dark: bool = False, width: int = 1200, script: bool = True) -> None:
    """Set what the person at the browser prefers, and the width of the window."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})


def faults(browser: webdriver.Chrome) -> list[str]:
    """Return what axe finds on the page, by rule, with the elements."""
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    return [f"{rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in found["violations"]]


def asked(browser: webdriver.Chrome) -> set[str]:
    """Return every address that pages have asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]  # type: ignore[no-untyped-call] # Selenium's
    return {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
