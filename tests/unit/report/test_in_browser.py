"""The page in a real Chromium: it asks for nothing, sorts by click and key, lays a picture over its photograph."""

import pytest
from unit.report.example import comparison, entry, photographs, report

from stylegan_pl.report.page import write_page


@pytest.fixture
def open_page(browser, tmp_path):
    """report -> its page; at the end nothing has gone wrong in it, and it has asked for nothing but itself."""
    troubles, contexts = [], []

    def opened(what, **context):
        write_page(what, tmp_path / "index.html")
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or troubles.append(request.url))
        page.goto((tmp_path / "index.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def names(page) -> list[str]:
    return page.eval_on_selector_all(
        "table.compare tbody:last-of-type tr th", "all => all.map(th => th.firstChild.textContent.trim())"
    )


def anchors(page) -> list[str]:
    return page.eval_on_selector_all("tbody.anchors tr th", "all => all.map(th => th.innerText.trim())")


def header(page, text):
    return page.locator("table.compare thead th", has_text=text)


def test_a_header_sorts_best_first_then_the_other_way(open_page):
    page = open_page(comparison())
    assert names(page) == ["sepia", "poster", "blocks"]
    kid, ssim = header(page, "kid"), header(page, "ssim")
    kid.get_by_role("button").click()
    assert names(page) == ["poster", "blocks", "sepia"] and kid.get_attribute("aria-sort") == "ascending"
    kid.get_by_role("button").click()
    assert names(page) == ["sepia", "blocks", "poster"] and kid.get_attribute("aria-sort") == "descending"
    ssim.get_by_role("button").click()  # higher is better
    assert names(page) == ["poster", "blocks", "sepia"] and ssim.get_attribute("aria-sort") == "descending"
    assert kid.get_attribute("aria-sort") is None
    assert anchors(page) == ["photographs floor", "photographs recoloured", "paintings ceiling"]


def test_sorts_by_keyboard_and_by_number_not_by_text(open_page):
    photos = photographs(2, 24)
    made = [
        entry(name, photos, cost={"images seen": seen}) for name, seen in (("a", "1,000"), ("b", "90"), ("c", "300"))
    ]
    page = open_page(report(entry("d", photos, cost={}), *made, photos=photos))
    button = page.locator("#cost ~ .wide thead th", has_text="images seen").get_by_role("button")
    rows = "all => all.map(th => th.textContent.trim())"
    button.focus()
    page.keyboard.press("Enter")
    assert page.eval_on_selector_all("#cost ~ .wide tbody th", rows) == ["b", "c", "a", "d"]
    page.keyboard.press("Space")
    assert page.eval_on_selector_all("#cost ~ .wide tbody th", rows) == ["a", "c", "b", "d"]  # missing stays last


def test_runs_named_after_dates_are_sorted_by_the_whole_name(open_page):
    photos = photographs(2, 24)
    dates = ["2026-05-03_10-00-00", "2026-05-02_09-00-00", "2026-11-01_08-00-00"]
    page = open_page(report(*(entry(date, photos) for date in dates), photos=photos))
    page.locator("table.compare thead th").first.get_by_role("button").click()
    assert names(page) == sorted(dates)


def test_a_picture_is_laid_over_its_photograph(open_page):
    page = open_page(report())
    dialog = page.locator("#zoom")
    assert not dialog.is_visible()
    page.locator("img.stylised").first.click()
    assert dialog.is_visible()
    under, over = page.locator("#zoom img.under"), page.locator("#zoom img.over")
    assert under.get_attribute("src") == page.locator("img.photo").first.get_attribute("src")
    assert over.get_attribute("src") == page.locator("img.stylised").first.get_attribute("src")
    clip = "image => getComputedStyle(image).clipPath"
    assert over.evaluate(clip) == "inset(0px 0px 0px 50%)"
    page.locator("#zoom input").focus()
    page.keyboard.press("End")
    assert over.evaluate(clip) == "inset(0px 0px 0px 100%)"
    page.get_by_role("button", name="Next").click()
    assert page.locator("#zoom .stage.alone").count() == 1  # a photograph has nothing to be compared with
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_a_name_cannot_run_a_script(open_page):
    evil = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
    photos = photographs(3, 24)
    page = open_page(
        report(entry(evil, photos, config=evil, symptoms=[evil], cost={evil: evil}), photos=photos, title=evil)
    )
    assert page.title() == evil
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_sideways(open_page, width):
    page = open_page(comparison(9), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_everything_is_there(open_page):
    page = open_page(comparison(), java_script_enabled=False)
    assert page.locator("table.compare thead button").count() == 0
    assert page.locator("img.stylised").first.is_visible() and page.locator("table.compare").is_visible()


def test_light_and_dark(open_page):
    colour = "getComputedStyle(document.body).backgroundColor"
    shades = {}
    for scheme in ("light", "dark"):
        page = open_page(report(), color_scheme=scheme)
        shades[scheme] = sum(map(int, page.evaluate(colour).removeprefix("rgb(").removesuffix(")").split(",")))
    assert shades["light"] > 700 and shades["dark"] < 100
