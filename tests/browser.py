"""Headless Chromium, for tests and measurements of the page."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = "" if CHROMIUM and DRIVER and find_spec("selenium") else "needs chromium, chromedriver and selenium"


@contextmanager
def opened(page: Path, width: int = 1366, height: int = 768, link: str = "", **media: str) -> Iterator:
    """A driver that shows a page from disk.

    Args:
        page: the file.
        width, height: size of the window, in CSS pixels.
        link: the part of the address after #.
        media: media features, e.g. prefers_color_scheme="dark"; the default is reduced motion.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")  # the tests may run as root
    options.add_argument("--disable-dev-shm-usage")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = media or {"prefers_reduced_motion": "reduce"}
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": named})
        driver.get(f"{page.as_uri()}{'#' + link if link else ''}")
        yield driver
    finally:
        driver.quit()


def requested(driver) -> list[str]:
    """The addresses that the page has requested since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    return [params["request"]["url"] for params in sent]
