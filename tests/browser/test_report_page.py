"""report.html as a person meets it: on a laptop, a phone, in the dark, on paper, without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Watched
from tests.synthetic_report import run_pipelines
from tests.synthetic_run import make_run

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Watched]

DRAWN_MARKS = """() => [...document.querySelectorAll('.plot')].map(plot => [
  plot.id,
  plot.querySelectorAll('.points path, .bars path, .lines path, .heatmaplayer image, .js-line').length,
])"""
EMPTY_CANVASES = """() => [...document.querySelectorAll('canvas.cloud')].filter(canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return !pixels.some(value => value > 0);
}).length"""
CONTRAST = """() => {
  const luminance = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(value => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = luminance(getComputedStyle(document.querySelector('.chart')).backgroundColor);
  const inks = [...document.querySelectorAll('.plot .xtick text, .plot .legendtext')].map(
    text => luminance(getComputedStyle(text).fill));
  return Math.min(...inks.map(ink => (Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05)));
}"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> dict[str, str]:
    """Addresses, on disk, of the report of a labeled and of an unlabeled collection."""
    addresses = {}
    for kind in ("labeled", "unlabeled"):
        root = tmp_path_factory.mktemp(kind)
        page = root / "report.html"
        page.write_text(run_pipelines(make_run(60, labeled=kind == "labeled"), root)["report"], encoding="utf-8")
        addresses[kind] = page.as_uri()
    return addresses


def opened(open_page: OpenPage, address: str, **view: Any) -> Watched:
    """The page, once its script says that all is drawn."""
    watched = open_page(address, **view)
    watched.page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    return watched


@pytest.mark.parametrize("kind", ["labeled", "unlabeled"])
@pytest.mark.parametrize(
    ("view", "width", "height", "dark"),
    [("laptop", 1366, 900, False), ("phone", 390, 844, False), ("dark", 1366, 900, True)],
)
def test_everything_is_drawn_and_nothing_leaves_the_machine(
    open_page: OpenPage, reports: dict[str, str], kind: str, view: str, width: int, height: int, dark: bool
) -> None:
    watched = opened(open_page, reports[kind], width=width, height=height, dark=dark)
    marks = dict(watched.page.evaluate(DRAWN_MARKS))
    assert len(marks) >= 12 and all(marks.values()), marks
    assert watched.page.locator("canvas.cloud").count() > 0 and watched.page.evaluate(EMPTY_CANVASES) == 0
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    assert watched.page.evaluate(CONTRAST) >= 4.5, "text of figures is hard to read (WCAG AA)"
    local = ("file:", "data:", "blob:")
    assert not [url for url in watched.requests if not url.startswith(local)]
    assert watched.errors == []
    watched.picture(f"report_{kind}_{view}", full_page=True)
    watched.picture(f"report_{kind}_{view}_top")


def test_a_dot_of_the_map_shows_its_object(open_page: OpenPage, reports: dict[str, str]) -> None:
    page = opened(open_page, reports["labeled"]).page
    plot = page.locator("#map-1")
    plot.scroll_into_view_if_needed()
    shown = page.locator(".thumbnail:not([hidden]) img")
    for _ in range(10):  # the dot may move from under the pointer while figures above are being drawn
        page.mouse.move(1, 1)  # a pointer that is there already tells the page nothing
        page.locator("#map-1 .points path").first.hover(force=True)
        page.wait_for_timeout(1_000)
        if shown.count():
            break
    assert shown.first.get_attribute("src", timeout=1_000).startswith("data:image/webp")


def test_clouds_turn_under_the_pointer_and_the_arrow_keys(open_page: OpenPage, reports: dict[str, str]) -> None:
    page = opened(open_page, reports["labeled"]).page
    cloud = page.locator("canvas.cloud").first
    cloud.scroll_into_view_if_needed()
    pictures = [cloud.evaluate("canvas => canvas.toDataURL()")]
    box = cloud.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 40)
    page.mouse.up()
    pictures.append(cloud.evaluate("canvas => canvas.toDataURL()"))
    cloud.press("ArrowLeft")
    pictures.append(cloud.evaluate("canvas => canvas.toDataURL()"))
    assert len(set(pictures)) == 3


def test_print_is_dark_on_white_even_from_a_dark_screen(open_page: OpenPage, reports: dict[str, str]) -> None:
    page = opened(open_page, reports["labeled"], dark=True).page
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.plot .xtick text')).fill === 'rgb(28, 32, 38)'", timeout=10_000
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(CONTRAST) >= 4.5
