"""The facility's page in a browser: what is really drawn, light and dark, and what a keyboard reaches."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.io import imread

from irods_omero.cli.report_page import DARK, LIGHT, page
from tests.unit.status.facility import FACILITY, HOSTILE, SETTINGS

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
]
SCHEMES = {"light": 1, "dark": 0}

PROBE = """<script>
const lum = c => { const l = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
const rgb = text => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
const ratio = (a, b) => { const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
const back = rgb(getComputedStyle(document.body).backgroundColor);
const texts = [...document.querySelectorAll('h1,h2,p,li,a,th,td,caption,figcaption,dt,dd,svg text')];
const bars = [...document.querySelectorAll('svg path')].filter(e => !e.closest('defs'));
const drawn = bars.map(e => getComputedStyle(e).fill).filter(c => /^rgb\\(/.test(c));
const colour = e => rgb(e.closest('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color);
const skip = document.querySelector('.skip'), hidden = skip.getBoundingClientRect().right < 0;
const stops = [...document.querySelectorAll('a[href], [tabindex="0"]')];
const reached = stops.map(e => (e.focus(), document.activeElement === e));
// A page without a window may not be the one that keys go to, so that :focus is empty: what it says is put on instead.
const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]);
skip.style.cssText = rules.find(rule => rule.selectorText === '.skip:focus').style.cssText;
const probe = { wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  texts: texts.length, least: Math.min(...texts.map(e => ratio(colour(e), back))),
  parts: drawn.length, faintest: Math.min(...drawn.map(c => ratio(rgb(c), back)).filter(r => r > 1)),
  hidden, seen: skip.getBoundingClientRect().left >= 0, reached, title: document.title,
  labels: [...document.querySelectorAll('svg text')].map(e => e.textContent.trim()),
  outside: performance.getEntriesByType('resource').map(e => e.name) };
const answer = document.createElement('pre'); answer.id = 'answer'; answer.textContent = JSON.stringify(probe);
document.body.append(answer);
</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no headless browser is on this machine ({', '.join(BROWSERS)}): the parser's tests remain")
    return program


@pytest.fixture(scope="module")
def text() -> str:
    return page(FACILITY, SETTINGS)


def run(browser: str, where: Path, text: str, scheme: str, *options: str) -> str:
    file = where / "page.html"
    file.write_text(text, encoding="utf-8")
    colours = f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"
    command = [browser, *QUIET, f"--user-data-dir={where / 'profile'}", colours, *options, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout


def probed(browser: str, where: Path, text: str, scheme: str, width: int) -> dict[str, Any]:
    """What a script finds in the page, which has none of its own and allows none: here it is let in."""
    with_script = re.sub(r"<meta http-equiv[^>]*>", "", text).replace("</body>", f"{PROBE}</body>")
    shown = run(browser, where, with_script, scheme, "--dump-dom", f"--window-size={width},900")
    answer = re.search(r'<pre id="answer">(.*?)</pre>', shown, re.DOTALL)
    assert answer, shown[-2000:]
    answered: dict[str, Any] = json.loads(unescape(answer[1]))
    return answered


@pytest.mark.parametrize("scheme", SCHEMES)
def test_everything_can_be_read_and_told_apart_in_light_and_dark(
    browser: str, text: str, scheme: str, tmp_path: Path
) -> None:
    shown = probed(browser, tmp_path, text, scheme, 1200)
    assert shown["texts"] > 50
    assert shown["parts"] > 5
    assert shown["least"] >= 4.5
    assert shown["faintest"] >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_as_it_is_has_the_colours_that_the_reader_prefers(
    browser: str, text: str, scheme: str, tmp_path: Path
) -> None:
    picture = tmp_path / "page.png"
    run(browser, tmp_path, text, scheme, f"--screenshot={picture}", "--window-size=1200,2000")
    drawn = imread(picture)[..., :3]
    colours = {"light": LIGHT, "dark": DARK}[scheme]
    assert tuple(drawn[0, 0]) == _rgb(colours["page"])
    for series in ("series-1", "series-2"):
        assert np.count_nonzero((drawn == _rgb(colours[series])).all(axis=2)) > 500, f"bars of {series} are drawn"


def test_a_keyboard_reaches_everything_and_the_skip_link_is_seen_when_it_does(
    browser: str, text: str, tmp_path: Path
) -> None:
    shown = probed(browser, tmp_path, text, "light", 1200)
    assert (shown["hidden"], shown["seen"]) == (True, True)
    assert len(shown["reached"]) > 10
    assert all(shown["reached"])


def test_on_a_narrow_screen_only_tables_are_scrolled(browser: str, text: str, tmp_path: Path) -> None:
    assert probed(browser, tmp_path, text, "light", 500)["wide"] == 0


def test_what_users_call_things_is_text_even_if_scripts_could_run(browser: str, text: str, tmp_path: Path) -> None:
    shown = probed(browser, tmp_path, text, "light", 1200)
    assert shown["title"].startswith("Images of lab in OMERO </title> of ours")
    assert shown["outside"] == []
    assert any(label.startswith(HOSTILE[:20]) for label in shown["labels"])


def test_no_script_runs_in_the_page_itself(browser: str, text: str, tmp_path: Path) -> None:
    shown = run(browser, tmp_path, text.replace("</body>", f"{PROBE}</body>"), "light", "--dump-dom")
    assert '<pre id="answer">' not in shown


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
