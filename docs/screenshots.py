"""``make screenshots``: take the pictures of the documentation anew, from demo data.

It serves a demo from a database of its own, logs in as the operator that ``serve``
creates, and writes PNG files into ``docs/images``.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

IMAGES = Path(__file__).parent / "images"
SIZE: ViewportSize = {"width": 1280, "height": 800}
TALL: ViewportSize = {"width": 1280, "height": 900}


@contextmanager
def serving() -> Iterator[tuple[str, str, str]]:
    """Serve a demo; yields the address, the operator's name and the password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="workshops-pictures-") as directory:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "piccolo.main", "workshops", "serve", f"--port={port}"],
            cwd=IMAGES.parents[1],
            env={**os.environ, "DATABASE_URL": "", "WORKSHOPS_DATA_DIR": directory},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            printed = ""
            for line in process.stdout:
                printed += line
                if "Serving http" in line:
                    break
            found = re.search(r"user name +(\S+)\n +password +(\S+)", printed)
            if found is None:
                sys.exit(f"The server did not start:\n{printed}")
            yield f"http://127.0.0.1:{port}", found[1], found[2]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def log_in(page: Page, address: str, name: str, password: str) -> None:
    """Log in to the admin, and wait for its first page."""
    page.goto(f"{address}/admin/")
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(re.compile(r"/admin/#/(?!login)"))
    page.wait_for_load_state("networkidle")


def take(page: Page, name: str) -> None:
    """Write what the page shows to ``docs/images``."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def main() -> None:
    """Take every picture."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("No Chromium was found. On Debian: apt install chromium")
    IMAGES.mkdir(exist_ok=True)
    with serving() as (address, name, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light", locale="en-GB")
        log_in(page, address, name, password)
        for table in ("workshops", "workshop_steps"):
            page.goto(f"{address}/admin/#/{table}")
            page.wait_for_selector("table tbody a")
            take(page, f"admin-{table}")
        page.set_viewport_size(TALL)
        for path, picture in (("/progress/", "board"), ("/progress/steps/", "funnel")):
            page.goto(f"{address}{path}")
            take(page, picture)
        # One in the middle of its way shows all there is: done, in progress and open.
        page.goto(f"{address}/progress/?status=active&step=architect")
        page.locator("main table tbody a").first.click()
        page.wait_for_selector("#timeline")
        page.set_viewport_size({"width": 1280, "height": 1130})
        take(page, "workshop")
        page.set_viewport_size(TALL)
        page.evaluate("localStorage.setItem('darkMode', 'true')")
        page.goto(f"{address}/progress/")
        take(page, "board-dark")
        browser.close()


if __name__ == "__main__":
    main()
