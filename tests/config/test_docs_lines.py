"""Every command line on a page can be typed: it composes, its options exist and have values of their type."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest
from conftest import compose_config
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.task import check_root
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.sweeps.plugins import make_known

CLONE = Path(__file__).resolve().parents[2]
PAGES = [*CLONE.glob("README*.md"), *(CLONE / "docs").glob("*.md"), *(CLONE / "experiments").rglob("README.md")]
COMMAND = re.compile(r"(?:-m stylegan_pl\.|\bstylegan-pl )(\w+)((?: .*)?)$")
AFTER = re.compile(r" [|>#] ?.*| 2>.*")  # a pipe, a redirection, a comment
SHOWN = {"lr=0.0001", "dataset=NAME"}  # what is said to the first, and a word for any of a list


def commands(text: str) -> Iterator[str]:
    """The lines of code blocks, continued ones as one and with the variables that the block sets, and inline code."""
    for place, block in enumerate(re.split(r"^```.*$", text, flags=re.M)):
        if place % 2 == 0:
            indented = "\n".join(re.findall(r"^ {4}.*$", block, flags=re.M))
            yield from re.findall(r"`([^`\n]+)`", block)
        whole = re.sub(r"\\\n\s*", "", block if place % 2 else indented)
        variables = dict(re.findall(r'^([A-Z]+)="(.*)"$', whole, flags=re.M))
        for line in whole.splitlines():
            yield Template(line).safe_substitute(variables)


def typed() -> dict[str, list[tuple[str, list[str]]]]:
    """Page -> (verb, words) of each of its lines; a line that stands on several pages belongs to the first."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    seen = set()
    for page in PAGES:
        for command in commands(page.read_text(encoding="utf-8")):
            match = COMMAND.search(command)
            if match is None or match[1] not in VERBS or VERBS[match[1]].schema is None:
                continue
            words = shlex.split(AFTER.sub("", match[2]))
            if any("…" in word or word in SHOWN for word in words) or (match[1], *words) in seen:
                continue
            seen.add((match[1], *words))
            found.setdefault(page.relative_to(CLONE).as_posix(), []).append((match[1], words))
    return found


LINES = typed()


def one_of(word: str) -> str:
    """A swept option with the first of its values."""
    if word.startswith(("~", "-")):
        return word
    override = OverridesParser.create().parse_override(word)
    if not override.is_sweep_override():
        return word
    value = override.value()
    first = value.start if isinstance(value, IntervalSweep) else next(override.sweep_string_iterator())
    return f"{override.get_key_element()}={first}"


def test_lines_are_found_on_all_kinds_of_pages() -> None:
    assert {"README.md", "docs/stylize.md", "docs/export.md", "experiments/sample/README.md"} <= set(LINES)
    verbs = [verb for page in LINES.values() for verb, _ in page]
    assert {name for name, verb in VERBS.items() if verb.schema is not None} == set(verbs) and len(verbs) > 60


@pytest.mark.parametrize("page", LINES)
def test_the_lines_of_a_page_can_be_typed(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_known()
    for verb, words in LINES[page]:
        if "--config-dir" in words:  # a config of the reader's own
            continue
        for word in words:
            if word.startswith("model.teacher="):  # the check looks whether it is there
                Path(word.partition("=")[2]).mkdir(parents=True, exist_ok=True)
        ours = [one_of(word) for word in for_hydra(words, verb) if word != "-m" and not word.startswith("hydra.")]
        config = compose_config(verb, [*ours, f"run_dir={tmp_path}"])
        check_root(config, verb)
        if verb in ("train", "preview"):
            check_config(config)
