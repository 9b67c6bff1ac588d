"""Finds our name for an option, a value or a verb of another program; docs/migrating.md shows the tables."""

import re
from collections.abc import Iterator

from stylegan_pl.config.other_programs import NEAR, SAME_VALUES, THEIR_VERBS, VALUES, Near

_JOLIGEN = re.compile(r"^(g|d|alg_gan|alg_cut|alg|data|train|output|model)_(?=.)")
"""joliGEN's prefixes of CycleGAN's and CUT's names: `G_netG`, `data_crop_size`, `train_G_lr`."""


def verb_here(word: str) -> str | None:
    """The verb that does what other programs call `test` or `predict`; None if the word is not known."""
    return next((verb for verb, theirs in THEIR_VERBS.items() if word.lower() in theirs.split()), None)


def ours(key: str, verb: str) -> str | None:
    """`type KEY=VALUE (a note)`, for another program's option; None if the table does not have it."""
    word = key.lstrip("-+").replace("-", "_").lower()
    for row in _rows(verb):
        if word in row.names.lower().split():
            answer = f"type {row.ours}" if row.ours else row.note
            return f"{answer} ({row.note})" if row.ours and row.note else answer
    without = _JOLIGEN.sub("", word) if verb == "train" else word
    return None if without == word else ours(without, verb)


def ours_of_value(key: str, value: str, verb: str = "train") -> str | None:
    """What to type for another program's value, such as model=cycle_gan or netG=unet_256; None if not known."""
    key = key.lower()
    if verb not in ("train", "preview") and key not in ("precision", "metric", "data"):
        return None  # parts of a training
    return VALUES.get(SAME_VALUES.get(key, key), {}).get(value.lower())


def _rows(verb: str) -> Iterator[Near]:
    for named in [verb, "train"] if verb == "preview" else [verb]:  # a preview takes a training's options, too
        for rows in NEAR.values():
            yield from (row for row in rows if row.verb == named)


def as_markdown() -> str:
    """The tables of docs/migrating.md."""
    parts = []
    for origin, rows in NEAR.items():
        lines = [f"### {origin}\n", "| there | here | |", "|---|---|---|"]
        for row in rows:
            there = " ".join(f"`{name}`" for name in row.names.split())
            verb = "" if row.verb == "train" else f"{row.verb}: "
            lines.append(f"| {there} | {f'{verb}`{row.ours}`' if row.ours else verb.strip()} | {row.note} |")
        parts.append("\n".join(lines))
    lines = ["### Values\n", "| there | here |", "|---|---|"]
    lines += [f"| `{group}={there}` | {here} |" for group, values in VALUES.items() for there, here in values.items()]
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


if __name__ == "__main__":  # for docs/migrating.md
    print(as_markdown(), end="")
