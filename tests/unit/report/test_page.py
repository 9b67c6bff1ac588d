"""The page as text: whole, safe, small, and on its own."""

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from unit.report.example import comparison, entry, photographs, picture, report, score

from stylegan_pl.errors import DataError
from stylegan_pl.pictures.tensors import tensor_to_image
from stylegan_pl.report import page as module
from stylegan_pl.report.contents import Photo
from stylegan_pl.report.page import page, write_page

VOID = {"meta", "img", "input", "path", "circle", "polyline", "br", "link"}
EVIL = "<script>alert(1)</script>\"'&"


class Outline(HTMLParser):
    """Elements in order, and whether each is closed by its own kind."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:  # SVG's close themselves
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize(
    "what", [report(), comparison(), report(photos=[], paintings=[])], ids=["one", "three", "none"]
)
def test_asks_for_nothing(what):
    text = page(what)
    loading = ("src", "href", "srcset", "action", "data", "poster", "background", "xlink:href")
    addresses = [attributes[name] for _, attributes in Outline(text).elements for name in loading if name in attributes]
    assert addresses
    assert all(address.startswith(("data:image/webp;base64,", "#")) for address in addresses)
    assert not re.search(r"https?://|@import|url\(|\bimport\b|fetch\(|XMLHttpRequest|<link|<iframe|//cdn", text)


def test_its_policy_allows_its_own_script_only():
    text = page(report())
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    policy = next(meta["content"] for meta in Outline(text).all("meta") if "Content-Security-Policy" in meta.values())
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy and policy.startswith("default-src 'none'")


def test_whatever_comes_from_a_user_is_escaped():
    photos = [Photo(f"{i}{EVIL}", picture(i, 16)) for i in range(4)]
    curves = {f"val/{EVIL}": [(0.0, 1.0), (1.0, 2.0)], "train/generator/style": [(0.0, 1.0)]}
    known = {"source": EVIL, "kind": EVIL, "curves": curves, "config": EVIL, "cost": {EVIL: EVIL}, "symptoms": [EVIL]}
    scores = {EVIL: score(resize=EVIL, weights=EVIL, factors={EVIL: 1.0}, seconds={EVIL: 1.0})}
    first = entry(EVIL, photos, scores=scores, **known)
    for entries in ([first], [first, entry("two", photos)]):
        made = report(*entries, photos=photos, title=EVIL, made=EVIL, data={EVIL: EVIL}, seconds={EVIL: 1.0})
        text = page(made)
        assert text.count("<script") == 1 and "alert(1)</" not in text
        outline = Outline(text)
        assert EVIL in outline.text and outline.all("img")[0]["alt"] == f"photograph 0{EVIL}"
        assert not any(name.startswith("on") for _, attributes in outline.elements for name in attributes)


def test_every_picture_has_a_text_and_every_section_a_heading():
    for what in (report(), comparison()):
        outline = Outline(page(what))
        assert all(image["alt"] for image in outline.all("img")[:-2])  # the last two are the empty stage
        assert all(
            svg.get("aria-label") or svg.get("aria-hidden") or "0 0 120 12" in svg["viewbox"]
            for svg in outline.all("svg")
        )
        ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert {section["aria-labelledby"] for section in outline.all("section")} <= set(ids)
        assert {link["href"] for link in outline.all("a")} <= {f"#{each}" for each in ids}
        levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1 and levels.count(1) == 1


def test_one_entry_shows_every_number():
    photos = photographs(6, 24)
    scores = {
        "kid": score(
            0.0625, 0.25, 0.05, interval=(0.0511, 0.0777), n=1234, n_paintings=567, weights="beef", resize="299 px"
        )
    }
    text = Outline(page(report(entry("a", photos, scores=scores), photos=photos))).text
    for shown in (
        "0.0625",
        "[0.0511, 0.0777]",
        "0.2500",
        "0.0500",
        "94%",
        "1,234",
        "567",
        "beef",
        "299 px",
        "0.82 GiB",
    ):
        assert shown in text
    for part in ("reading", "painting", "features", "distances"):
        assert part in text


def test_embedded_pictures_are_the_pictures():
    what = report()
    by_alt = {image["alt"]: image for image in Outline(page(what)).all("img")}
    for painted in what.entries[0].pictures:
        image = by_alt[f"{painted.name} by sepia"]
        decoded = Image.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2]))).convert("RGB")
        assert (decoded.width, decoded.height) == (int(image["width"]), int(image["height"])) == (24, 24)
        gap = np.asarray(decoded, float) - np.asarray(tensor_to_image(painted.stylised), float)
        assert np.abs(gap).mean() < 4  # WebP loses a little


def test_colours_of_the_style_sheet_are_as_many_as_lines_use():
    sheet = (Path(module.__file__).parent / "page.css").read_text()
    assert {f".colour{i}" for i in range(module._COLOURS)} == set(re.findall(r"\.colour\d+", sheet))


def test_text_stands_out_from_the_paper():
    """WCAG's contrast of 4.5, light and dark."""
    sheet = (Path(module.__file__).parent / "page.css").read_text()

    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    blocks = re.findall(r":root \{(.*?)\}", sheet, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        shades = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
        pairs = [(ink, paper) for ink in ("ink", "muted", "accent") for paper in ("paper", "wash")] + [
            ("warn", "warn-wash")
        ]
        for ink, paper in pairs:
            dark, light = sorted((luminance(shades[ink]), luminance(shades[paper])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_stays_small_with_many_noisy_pictures():
    noise = torch.Generator().manual_seed(0)
    photos = [
        Photo(f"{i}", torch.randint(0, 256, (3, 256, 256), generator=noise, dtype=torch.uint8)) for i in range(16)
    ]
    coarse = [Photo(p.name, p.image[:, ::4, ::4].repeat_interleave(4, 1).repeat_interleave(4, 2)) for p in photos]
    assert len(page(comparison(3, coarse))) < 5_000_000


def test_entries_may_lack_anything():
    photos = photographs(3, 16)
    bare = entry("bare", photos, scores={}, pictures=[], curves={}, config=None, cost={})
    for what in (
        report(bare, photos=photos),
        report(bare, entry("full", photos), photos=photos),
        report(bare, bare, photos=[]),
    ):
        Outline(page(what))


def test_writes_whole_pages_only(tmp_path, monkeypatch):
    path = tmp_path / "new" / "index.html"
    write_page(report(), path)
    assert path.read_text(encoding="utf-8") == page(report())
    before = path.read_bytes()
    write = Path.write_text

    def full(self, text, **options):
        write(self, text[:100], **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DataError, match=r"No space left.*output="):
        write_page(comparison(), path)
    assert path.read_bytes() == before and [each.name for each in path.parent.iterdir()] == ["index.html"]
