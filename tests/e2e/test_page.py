"""The page in a real browser, on a profile in Git: each wide and narrow, dark and light, without a script too."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import browser as browsers
import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

SECRET = "ghp_" + "a1B2" * 9
PAGES = (
    "/",
    "/?q=eu",
    "/entity/stack/prod",
    "/entity/component/artifact_store/s3",
    "/kind/component",
    "/changes",
    "/problems",
    "/compare?a=default&b=prod",
    "/search?q=prod",
    "/entity/stack/nothing",
)


class Served(NamedTuple):
    """A served profile: its address, the one-time link, and the profile's folder."""

    address: str
    link: str
    folder: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Make a profile with two stacks and a broken document, and serve it by ``browse``."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "HOME": str(home), "ZENPROFILE_CONFIG_DIR": str(home / "config")}

    def run(line: str, *more: str) -> str:
        command = [sys.executable, "-m", "zenprofile", *line.split(), *more]
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    run("create team --set")
    run("component register s3 --type artifact_store --flavor s3 --set path=s3://one --label env=eu")
    run("component update s3 --set path=s3://two")
    run("stack register prod -o default -a s3 --label env=eu", "--description", "<b>bold</b> & 'quoted'")
    folder = Path(run("path").strip())
    (folder / "projects").mkdir()
    (folder / "projects/broken.yaml").write_text(f"name: broken\ncolour: {SECRET}\n")
    command = [sys.executable, "-m", "zenprofile", "browse", "--no-open"]
    process = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    link = process.stdout.readline().strip()
    yield Served(link.partition("/open/")[0], link, folder)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()


@pytest.fixture(scope="module")
def browser(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Open a browser that is signed in by the link."""
    with browsers.opened(tmp_path_factory.mktemp("chromium")) as found:
        found.get(served.link)
        yield found


@contextmanager
def next_page(browser: Chrome) -> Iterator[None]:
    """Wait at the end for the page that follows on what is done."""
    main = browser.find_element(By.TAG_NAME, "main")
    yield
    # In between the driver may have no word for it: "Node with given id does not belong to the document".
    wait = WebDriverWait(browser, 60, ignored_exceptions=[WebDriverException])
    wait.until(staleness_of(main))
    wait.until(lambda found: found.execute_script("return document.readyState") == "complete")


def sign_in(browser: Chrome, token: str) -> None:
    """Type a token into the form and send it."""
    with next_page(browser):
        browser.find_element(By.ID, "token").send_keys(token, Keys.ENTER)


def text_of(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "main").text


def test_a_link_signs_one_browser_in_once(served: Served, browser: Chrome) -> None:
    assert browser.current_url == f"{served.address}/"
    cookie = browser.get_cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    for address in (served.link, f"{served.address}/changes"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(address)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_for_everybody_and_asks_nobody_else(served: Served, browser: Chrome, page: str) -> None:
    for dark, width in ((False, 1200), (True, 1200), (False, 375), (True, 375)):
        browsers.look(browser, dark=dark, width=width)
        browser.get(served.address + page)

        assert browsers.faults(browser) == []
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert {a for a in browsers.asked(browser) if a.startswith("http") and not a.startswith(served.address)} == set()
    refused = [e["message"] for e in browser.get_log("browser") if "Content Security Policy" in e["message"]]
    assert refused == []
    assert SECRET not in browser.page_source


def test_it_is_read_without_a_script(served: Served, browser: Chrome) -> None:
    browsers.look(browser, script=False)
    browser.get(served.address)
    try:
        assert [h.text for h in browser.find_elements(By.CSS_SELECTOR, ".card h2")] == ["default", "prod"]
        assert "<b>bold</b> & 'quoted'" in text_of(browser)
        assert "problem" in text_of(browser)
    finally:
        browsers.look(browser)


def test_an_entity_tells_its_fields_its_users_and_its_history(served: Served, browser: Chrome) -> None:
    browser.get(f"{served.address}/entity/component/artifact_store/s3")

    assert "configuration.path\ns3://two" in text_of(browser)
    assert "stack/prod" in text_of(browser)
    assert "path: s3://two" in browser.find_element(By.TAG_NAME, "pre").text
    browser.find_element(By.CSS_SELECTOR, "summary").click()
    row = browser.find_element(By.CSS_SELECTOR, "details[open] tbody tr").text.split("\n")
    assert [cell for line in row for cell in line.split()][-3:] == ["configuration.path", "s3://one", "s3://two"]


def test_what_is_wrong_is_named_without_its_secret(served: Served, browser: Chrome) -> None:
    browser.get(f"{served.address}/problems")

    assert "projects/broken.yaml" in text_of(browser)
    assert SECRET not in browser.page_source


def test_two_stacks_stand_side_by_side(served: Served, browser: Chrome) -> None:
    browser.get(f"{served.address}/compare?a=default&b=prod")

    rows = [row.text for row in browser.find_elements(By.CSS_SELECTOR, "tr.differs")]
    assert any(row.startswith("artifact store") and row.endswith("default s3") for row in rows)
    assert not any(row.startswith("orchestrator") for row in rows)


def test_the_keyboard_is_enough(served: Served, browser: Chrome) -> None:
    browser.get(served.address)
    body = browser.find_element(By.TAG_NAME, "body")

    body.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the content"
    with next_page(browser):
        browser.find_element(By.ID, "q").send_keys("prod", Keys.ENTER)

    assert "stack/prod" in text_of(browser)


def test_signing_in_and_out_by_the_form(served: Served, browser: Chrome) -> None:
    token = browser.get_cookies()[0]["value"]
    browser.get(served.address)
    with next_page(browser):
        browser.find_element(By.CSS_SELECTOR, ".out button").click()
    assert "Sign in to team" in text_of(browser)
    assert browser.get_cookies() == []
    assert browsers.faults(browser) == []

    sign_in(browser, "wrong")
    assert "wrong or was revoked" in text_of(browser)
    sign_in(browser, token)
    assert "stacks" in text_of(browser)
