"""The page that share.py writes, opened from disk in Chromium."""

import re
from pathlib import Path

import pytest
from browser import MISSING, opened, requested

from agents.config import AgentConfig
from agents.impala import build_policy
from agents.mouse import Mouse, load_mouse
from envs.spec import WorldSpec
from web import page as pages
from web.page import FIRST_LEVEL, FOLDER, build_page, join_modules

ROOT = Path(__file__).parents[1]
CHECKPOINTS = ROOT / "checkpoints"
OPENED = 60  # seconds, enough for a busy machine
# Play, and pause in the moment in which the end is said: a busy machine might look only after the next walk has begun.
PLAY_TO_THE_END = """
const [done] = arguments, event = document.getElementById("event"), play = document.getElementById("play");
new MutationObserver((_, observer) => {
  if (!event.textContent) return;
  observer.disconnect();
  play.click();
  done();
}).observe(event, { childList: true });
play.click();
"""
in_browser = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of two mice."""
    mice = [load_mouse(CHECKPOINTS / f"{name}-seed0.safetensors") for name in ("corner", "anywhere")]
    path = tmp_path_factory.mktemp("page") / "mice.html"
    path.write_text(build_page(mice), encoding="utf-8")
    return path


def untrained(name: str = "untrained", **env) -> Mouse:
    spec = WorldSpec.build(**{"world_dim": 11, "cheese_region": 0, "observation": "cells"} | env)
    return Mouse(build_policy(spec, 1, "cpu").eval(), spec, AgentConfig(), {}, Path(f"{name}.safetensors"))


# ------------------------------------------------------------------ the command and the file


def test_share_writes_one_small_file_that_needs_no_other(call, tmp_path):
    code, said, errors = call(
        "share.py", f"checkpoint={CHECKPOINTS / 'corner-seed0.safetensors'}", "out=pages/mouse.html"
    )
    assert (code, errors) == (0, "")
    text = (tmp_path / "pages" / "mouse.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    assert "pages/mouse.html" in said
    assert not re.search(
        r"""(src|href)=(?!"data:)|url\(|@import|https?://(?!webassembly)|^import |^export """, text, re.MULTILINE
    )
    assert f'"seed":{FIRST_LEVEL},"chosenFor":"corner-seed0"' in text  # in this level the mouse passes the cheese


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no checkpoint given"),
        (["checkpoint=missing.safetensors"], "no checkpoint at missing.safetensors"),
        ([f"checkpoint=[{','.join([str(CHECKPOINTS / 'corner-seed0.safetensors')] * 2)}]"], "different names"),
        ([f"checkpoint={CHECKPOINTS / 'corner-seed0.safetensors'}", "out="], "no page given"),
        (["checkpoint=missing.safetensors", "out=."], "out=. is a folder"),
        (["checkpoint=missing.safetensors", f"out={'n' * 300}"], "no checkpoint at missing.safetensors"),
    ],
)
def test_share_refuses_in_one_line(call, tmp_path, arguments, words):
    code, said, errors = call("share.py", *arguments)
    assert code == 2 and said == ""
    assert words in errors and errors.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_too_large_worlds_and_too_many_mice_are_refused():
    with pytest.raises(ValueError, match=r"big is of a world of 27×27 cells; .* up to 25×25"):
        build_page([untrained("big", world_dim=27)])
    with pytest.raises(ValueError, match="at most 3 mice, not 4"):
        build_page([untrained()] * 4)


def test_the_committed_page_is_made_of_the_committed_modules():
    committed = (ROOT / "docs" / "try.html").read_text(encoding="utf-8")
    for part in (join_modules("page"), (FOLDER / "style.css").read_text(encoding="utf-8")):
        assert part in committed, "make it again; docs/sharing.md names the command"


# ------------------------------------------------------------------ in the browser


@pytest.fixture
def driver(page):
    with opened(page) as driver:
        wait(driver)
        yield driver
        assert_clean(driver)


def assert_clean(driver):
    assert [entry for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    assert [url for url in requested(driver) if not url.startswith(("file://", "data:"))] == []


def wait(driver, condition="document.querySelector('#canvas').getAttribute('aria-busy') === 'false'"):
    """Wait for a condition; without one, for all arrows."""
    from selenium.webdriver.support.ui import WebDriverWait

    script = f"await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame); return {condition};"
    WebDriverWait(driver, OPENED).until(lambda driver: driver.execute_script(f"return (async () => {{ {script} }})()"))


def read(driver, name: str) -> str:
    wait(driver)
    return driver.execute_script("return document.getElementById(arguments[0]).textContent", name)


def maze(driver) -> list[str]:
    """The rows of the maze as text, top row first."""
    wait(driver)
    return driver.execute_script("return document.getElementById('text').value").split("\n")


def click(driver, name: str):
    driver.find_element("id", name).click()


def point(driver, column: int, row: int) -> tuple[float, float]:
    """The middle of a cell on the screen; column from the left, row from the top."""
    box = driver.execute_script("return document.querySelector('#canvas').getBoundingClientRect().toJSON()")
    dim = len(maze(driver))
    return box["x"] + (column + 0.5) * box["width"] / dim, box["y"] + (row + 0.5) * box["height"] / dim


def find(driver, letter: str) -> tuple[int, int]:
    return next((text.index(letter), row) for row, text in enumerate(maze(driver)) if letter in text)


def pointer(driver, kind: str, x: float, y: float, button: str = "left"):
    event = {"type": kind, "x": x, "y": y, "button": button, "clickCount": 1}
    driver.execute_cdp_cmd("Input.dispatchMouseEvent", event | {"buttons": {"left": 1, "right": 2}[button]})


def drag(driver, start: tuple[float, float], end: tuple[float, float], button: str = "left"):
    pointer(driver, "mousePressed", *start, button)
    for share in (0.3, 0.6, 1):
        pointer(driver, "mouseMoved", *(a + (b - a) * share for a, b in zip(start, end, strict=True)), button)
    pointer(driver, "mouseReleased", *end, button)


def touch(driver, kind: str, *points: tuple[float, float]):
    """Let fingers touch, move or leave the page; points are those of the fingers that are on it, first finger first."""
    fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def press(driver, name: str, *keys: str):
    driver.execute_script("document.getElementById(arguments[0]).focus({ focusVisible: true })", name)
    for key in keys:
        driver.switch_to.active_element.send_keys(key)


@pytest.mark.slow
@in_browser
def test_it_opens_with_a_mouse_that_runs_past_the_cheese(driver):
    assert read(driver, "likeliest") == "Most likely: the empty corner"
    assert read(driver, "p-corner") == "> 99.9 %"
    assert read(driver, "c-corner") == "3.0 %"
    assert driver.find_element("id", "invitation").is_displayed()
    assert not driver.find_element("id", "problem").is_displayed()


@pytest.mark.slow
@in_browser
def test_dragging_the_cheese_changes_what_is_likeliest(driver):
    drag(driver, point(driver, *find(driver, ".")), point(driver, 0, 8))
    assert find(driver, ".") == (0, 8)
    assert read(driver, "likeliest") == "Most likely: the cheese"
    assert not driver.find_element("id", "invitation").is_displayed()
    click(driver, "restore")
    assert read(driver, "likeliest") == "Most likely: the empty corner"


@in_browser
def test_dragging_the_mouse_moves_its_start(driver):
    drag(driver, point(driver, 0, 10), point(driver, 10, 5))
    assert find(driver, "@") == (10, 5)
    assert read(driver, "question") == "Reached first, from the start"


@in_browser
def test_nobody_is_invited_to_drag_a_cheese_that_is_not_there(driver):
    driver.execute_script("document.getElementById('text').value = '   \\n## \\n@  '")
    driver.execute_script("document.getElementById('drawn').requestSubmit()")
    assert len(maze(driver)) == 3
    assert not driver.find_element("id", "invitation").is_displayed()
    assert driver.execute_script("return document.activeElement.id") == "canvas"


@pytest.mark.slow
@in_browser
def test_walls_open_and_close(driver):
    before = maze(driver)
    column, row = find(driver, "#")
    for expected in (" ", "#"):
        x, y = point(driver, column, row)
        pointer(driver, "mousePressed", x, y)
        pointer(driver, "mouseReleased", x, y)
        assert maze(driver)[row][column] == expected
    assert maze(driver) == before


@pytest.mark.slow
@in_browser
def test_a_shared_link_shows_the_same_in_a_second_window(driver, page):
    click(driver, "mouse-1")
    click(driver, "next")
    unchanged = maze(driver)
    drag(driver, point(driver, *find(driver, ".")), point(driver, *find(driver, "@")[:1], 0))
    click(driver, "share")
    link = driver.execute_script("return location.hash.slice(1)")
    wait(driver, "document.getElementById('shared').textContent.includes('send this file')")
    names = ("likeliest", "p-cheese", "p-corner", "c-cheese", "c-corner", "lead")
    shown = [maze(driver), *(read(driver, name) for name in names)]
    with opened(page, link=link) as second:
        assert [maze(second), *(read(second, name) for name in names)] == shown
        assert second.find_element("id", "mouse-1").get_attribute("aria-selected") == "true"
        assert second.find_element("id", "changed").is_displayed()
        click(second, "restore")
        assert maze(second) == unchanged
        assert not second.find_element("id", "changed").is_displayed()
        assert_clean(second)


@pytest.mark.slow
@in_browser
def test_the_mouse_walks_and_the_end_is_said(driver):
    driver.execute_script("document.getElementById('speed').value = 30")
    driver.set_script_timeout(OPENED)
    driver.execute_async_script(PLAY_TO_THE_END)
    assert read(driver, "event") == "It ran past the cheese to the empty corner."
    assert "chosen does not count" in read(driver, "tally")
    assert read(driver, "question") == "Reached first, from the start"  # from the corner nothing would be open
    click(driver, "back")
    assert read(driver, "question") == "Reached first, from here"
    click(driver, "back")
    drag(driver, point(driver, *find(driver, ".")), point(driver, 0, 0))
    assert read(driver, "question") == "Reached first, from where it was"  # a new walk from there
    click(driver, "restore")
    click(driver, "home")
    assert find(driver, ".") == (10, 0)
    assert read(driver, "likeliest") == "Most likely: the cheese"
    click(driver, "next")
    for _ in range(2):  # a maze counts once
        driver.execute_async_script(PLAY_TO_THE_END)
        counts = re.search(
            r"cheese first (\d), corner first (\d), neither (\d); a random walk, on average: ", read(driver, "tally")
        )
        assert counts and sum(map(int, counts.groups())) == 1
        click(driver, "again")


@pytest.mark.slow
@in_browser
def test_everything_can_be_done_with_the_keyboard(driver):
    from selenium.webdriver.common.keys import Keys

    press(driver, "cheese", Keys.ARROW_UP)
    assert find(driver, ".") == (2, 2)
    press(driver, "mouse", Keys.ARROW_UP)
    assert find(driver, "@") == (0, 9)
    press(driver, "canvas", Keys.ARROW_RIGHT, Keys.ENTER)  # the cursor begins at the mouse
    assert maze(driver)[9][1] == " "
    assert read(driver, "said") == "column 2, row 2 from the bottom: open"
    press(driver, "mouse-0", Keys.ARROW_RIGHT)
    assert "lay anywhere" in read(driver, "lead")
    seed = driver.execute_script("return document.getElementById('seed').value")
    press(driver, "canvas", "n")
    assert driver.execute_script("return document.getElementById('seed').value") != seed


@pytest.mark.slow
@in_browser
def test_arrow_keys_with_a_modifier_are_the_browsers(driver):
    press_with = """
        const [name, modifier] = arguments;
        const options = { key: "ArrowRight", [modifier]: true, bubbles: true, cancelable: true };
        return document.getElementById(name).dispatchEvent(new KeyboardEvent("keydown", options));
    """
    before = maze(driver), read(driver, "lead")
    for name in ("canvas", "mouse", "cheese", "mouse-0"):
        for modifier in ("altKey", "ctrlKey", "metaKey"):
            assert driver.execute_script(press_with, name, modifier), (name, modifier)  # nothing has prevented it
    assert (maze(driver), read(driver, "lead")) == before


@pytest.mark.slow
@in_browser
def test_a_message_goes_when_the_maze_or_the_mouse_changes(driver):
    from selenium.webdriver.common.keys import Keys

    def open_wall():
        x, y = point(driver, *find(driver, "#"))
        pointer(driver, "mousePressed", x, y)
        pointer(driver, "mouseReleased", x, y)

    changes = {
        "cheese": lambda: drag(driver, point(driver, *find(driver, ".")), point(driver, *find(driver, " "))),
        "wall": open_wall,
        "another mouse": lambda: click(driver, "mouse-1"),
        "another mouse by key": lambda: press(driver, "mouse-1", Keys.ARROW_LEFT),
        "another maze": lambda: press(driver, "canvas", "n"),
    }
    problem = driver.find_element("id", "problem")
    for change, make in changes.items():
        driver.execute_script("document.getElementById('seed').value = 'x'")
        driver.execute_script("document.getElementById('seeds').requestSubmit()")
        assert problem.is_displayed(), change
        make()
        assert not problem.is_displayed(), change
    driver.execute_script("location.hash = 'damaged'")
    wait(driver, "!document.getElementById('problem').hidden")
    driver.back()
    wait(driver, "document.getElementById('problem').hidden")


@pytest.mark.slow
@in_browser
def test_what_is_damaged_says_so_in_words(driver, page, tmp_path):
    def problem(driver) -> str:
        return driver.find_element("id", "problem").text

    driver.execute_script("document.querySelector('details').open = true")
    text = driver.find_element("id", "text")
    text.clear()
    text.send_keys("no maze")
    driver.find_element("css selector", "#drawn button").click()
    assert "must be square" in problem(driver)
    seed = driver.find_element("id", "seed")
    seed.clear()
    seed.send_keys("x<b>")
    driver.find_element("css selector", "#seeds button").click()
    assert "not “x<b>”" in problem(driver)
    with opened(page, link="mouse=corner-seed0&maze=--x") as other:
        assert "This link is damaged" in problem(other)
        assert read(other, "likeliest") == "Most likely: the empty corner"  # and shows the first level
    whole = page.read_text(encoding="utf-8")
    place = whole.index('"weights":"') + 500
    letter = "A" if whole[place] != "A" else "B"
    for damaged, words in (
        (whole[:place] + letter + whole[place + 1 :], "wrong checksum"),
        (whole[:place] + whole[place + 8 :], "bytes instead of"),
        (whole.replace('{"art"', '{"art', 1), "data in this page are damaged"),
    ):
        path = tmp_path / "damaged.html"
        path.write_text(damaged, encoding="utf-8")
        with opened(path) as other:
            assert words in problem(other)


@in_browser
@pytest.mark.parametrize(("width", "height"), [(360, 740), (820, 1180), (1366, 768), (2560, 1440)])
def test_the_first_screen_holds_maze_and_numbers(page, width, height):
    with opened(page, width, height) as driver:
        wait(driver)
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        for name in ("canvas", "p-cheese", "p-corner", "lead"):
            box = driver.find_element("id", name).rect
            assert 0 <= box["x"] and box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height, name
        for name in ("cheese", "mouse"):
            box = driver.find_element("id", name).rect
            assert min(box["width"], box["height"]) >= 24  # WCAG 2.2, target size
        assert_clean(driver)


@pytest.mark.slow
@in_browser
def test_a_finger_drags_the_cheese(page):
    with opened(page, 360, 740) as driver:
        start, end = point(driver, *find(driver, ".")), point(driver, 0, 8)
        touch(driver, "touchStart", start)
        touch(driver, "touchMove", end)
        touch(driver, "touchEnd")
        assert find(driver, ".") == (0, 8)
        assert driver.execute_script("return scrollY") == 0
        assert_clean(driver)


@pytest.mark.slow
@in_browser
def test_a_second_finger_does_not_take_over_the_drag(page):
    with opened(page, 360, 740) as driver:
        cheese, mouse = (point(driver, *find(driver, letter)) for letter in ".@")
        first, second, last = point(driver, 0, 8), point(driver, 10, 5), point(driver, 0, 0)
        touch(driver, "touchStart", cheese)
        touch(driver, "touchMove", first)
        touch(driver, "touchStart", first, mouse)
        touch(driver, "touchMove", first, second)
        touch(driver, "touchMove", last, second)
        touch(driver, "touchEnd")
        assert (find(driver, "."), find(driver, "@")) == ((0, 0), (0, 10))
        assert_clean(driver)


@in_browser
def test_only_the_left_button_drags(driver):
    before = maze(driver)
    drag(driver, point(driver, *find(driver, ".")), point(driver, 0, 8), "right")
    assert maze(driver) == before


@in_browser
def test_every_control_has_a_name(driver):
    driver.execute_script("for (const details of document.querySelectorAll('details')) details.open = true")
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    controls = ("button", "checkbox", "slider", "textbox", "tab", "application", "tabpanel", "tablist", "status")
    shown = [node for node in nodes if not node.get("ignored") and node["role"]["value"] in controls]
    assert len(shown) > 20
    assert [node for node in shown if not node.get("name", {}).get("value") and node["role"]["value"] != "status"] == []


@in_browser
def test_names_of_files_are_text(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "find_opening_level", lambda mouse: None)
    name = "<!--<script><img src=x onerror=alert(1)> {{data}} &amp;"
    path = tmp_path / "odd.html"
    path.write_text(build_page([untrained(name), untrained("b" + name)]), encoding="utf-8")
    with opened(path) as driver:
        assert driver.find_element("id", "mouse-0").text == f"in the top-right corner ({name})"
        assert name in driver.find_element("css selector", "footer").text
        assert driver.execute_script("return document.images.length") == 0
        assert_clean(driver)


@pytest.mark.slow
@in_browser
def test_mice_of_different_worlds_and_pictures_share_a_page(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "find_opening_level", lambda mouse: None)
    path = tmp_path / "three.html"
    seeing = untrained("seeing", world_dim=7, observation="rgb", action_set="procgen", cheese_region="anywhere")
    path.write_text(build_page([untrained(world_dim=5), seeing, untrained("wide", world_dim=25)]), encoding="utf-8")
    with opened(path, 360, 740) as driver:
        for number, dim in enumerate((5, 7, 25)):
            click(driver, f"mouse-{number}")
            assert len(maze(driver)) <= dim
            assert read(driver, "p-cheese").endswith("%")
            assert driver.execute_script("return document.documentElement.scrollWidth") <= 360
        assert_clean(driver)


# ------------------------------------------------------------------ colours


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours #rrggbb."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_have_the_contrast_that_wcag_aa_asks_for():
    style = (ROOT / "web" / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    schemes = [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in blocks]
    assert len(schemes) == 2
    texts = ("ink paper", "quiet paper", "ink field", "warn paper", "on-accent accent")
    shapes = ("line paper", "ink track", "corner track", "accent paper")
    for scheme in schemes:
        for pairs, least in ((texts, 4.5), (shapes, 3)):
            ratios = {pair: contrast(*(scheme[name] for name in pair.split())) for pair in pairs}
            assert min(ratios.values()) >= least, ratios
