"""Measure the speed of the page in headless Chromium: time to the first arrows, and frames per second while dragging.

python benchmarks/page.py page=mouse.html        a page that share.py wrote
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from foundation.command import run_command
from foundation.errors import InputError
from foundation.settings import setting

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser import MISSING, opened  # noqa: E402

# Move the cheese to another open cell in every frame, so that every frame recomputes all arrows.
DRAG = """
const [seconds, done] = arguments;
const canvas = document.getElementById("canvas"), handle = document.getElementById("cheese");
const send = (type, x, y) => handle.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1 }));
handle.setPointerCapture = () => {};
const rows = document.getElementById("text").value.split("\\n"), dim = rows.length;
const box = canvas.getBoundingClientRect(), side = box.width / dim, places = [];
for (let row = 0; row < dim; row++) for (let column = 0; column < dim; column++) {
  if (rows[row][column] === " ") places.push([box.x + (column + 0.5) * side, box.y + (row + 0.5) * side]);
}
let moves = 0, frames = 0;
send("pointerdown", 0, 0);
const began = performance.now();
const next = () => {
  if (canvas.getAttribute("aria-busy") === "false") {
    frames += 1;
    send("pointermove", ...places[moves++ % places.length]);
  }
  if (performance.now() - began < 1000 * seconds) requestAnimationFrame(next);
  else { send("pointerup", 0, 0); done([places.length + 2, (1000 * frames) / (performance.now() - began)]); }
};
requestAnimationFrame(next);
"""


# Record when all arrows are drawn for the first time, in milliseconds after the page was opened.
WATCH = """
new MutationObserver((_, observer) => {
  if (document.getElementById("canvas")?.getAttribute("aria-busy") !== "false") return;
  window.firstArrows = performance.now();
  observer.disconnect();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["aria-busy"] });
"""


READY = "const done = arguments[0]; const look = () => (window.firstArrows ? done() : setTimeout(look, 10)); look();"


@dataclass
class PageConfig:
    page: str = setting(str(ROOT / "docs" / "try.html"), "an HTML file that share.py wrote")
    rounds: int = setting(3, "how often the page is opened", 1)
    seconds: int = setting(3, "seconds of dragging for each mouse in each round", 1)


def run(config: PageConfig) -> None:
    """Print the speed for every mouse of a page, in the level that the page opens with."""
    if MISSING:
        raise InputError(MISSING)
    page = Path(config.page).resolve()
    if not page.is_file():
        raise InputError(f"no page at {config.page}; expected page=FILE.html, a file that share.py wrote")
    if b'id="mice"' not in page.read_bytes():
        raise InputError(f"{config.page} is not a page that share.py wrote")
    with opened(page) as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        driver.set_script_timeout(10 * config.seconds)
        for _ in range(config.rounds):
            driver.refresh()
            driver.execute_async_script(READY)
            print(f"first arrows {driver.execute_script('return firstArrows'):.0f} ms after opening")
            for tab in driver.find_elements("css selector", "#mice button"):
                if tab.is_displayed():
                    tab.click()
                cells, rate = driver.execute_async_script(DRAG, config.seconds)
                print(f"  {tab.get_attribute('title')}: {cells} open cells, {rate:.1f} frames/s while dragging")


if __name__ == "__main__":
    run_command("page.py", __doc__, PageConfig(), run, sys.argv[1:])
