"""Pictures of TensorBoard and of a study's page for the README, from a real browser.

    solobox study runs/SWEEP && python scripts/screenshots.py runs/SWEEP

Needs Debian's chromium and the Python package playwright (both are in .ci/run and the extra dev).
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parents[1] / "docs"
CHROMIUM = "/usr/bin/chromium"
# A machine without a network would try again and again to reach the browser's maker.
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
         "--disable-component-update", "--no-first-run", "--disable-quic")  # fmt: skip


def main() -> None:
    """Open both and keep the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a sweep with its study.html")
    folder = parser.parse_args().folder
    with browser_page(width=1600) as page:
        page.goto((folder / "study.html").resolve().as_uri())
        page.screenshot(path=DOCS / "study.png")
        with tensorboard(folder) as address:
            open_hparams(page, address)
            run = next(folder.glob("*/metrics.json")).parent.name
            page.get_by_text(run, exact=True).first.wait_for()
            page.screenshot(path=DOCS / "tensorboard.png")


@contextmanager
def browser_page(width: int = 1280, height: int = 800) -> Iterator[Page]:
    """An empty page of a headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser.new_page(viewport={"width": width, "height": height})
        browser.close()


@contextmanager
def tensorboard(folder: Path) -> Iterator[str]:
    """TensorBoard on a folder, as a person starts it; its address."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", "0",
               "--host", "127.0.0.1", "--load_fast", "false"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = []
        for line in server.stderr:
            said.append(line)
            if " at http://" in line:
                break
        else:
            raise RuntimeError(f"TensorBoard did not start: {''.join(said)}")
        try:
            yield line.split(" at ")[1].split()[0]
        finally:
            server.terminate()


def open_hparams(page: Page, address: str) -> None:
    """The table of runs, their settings and metrics."""
    page.goto(f"{address}#hparams")
    page.get_by_text("TABLE VIEW").wait_for()


if __name__ == "__main__":
    main()
