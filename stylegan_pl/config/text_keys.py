"""Which keys of a config take paths or names, whose text is used exactly as typed."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from stylegan_pl.config.option_types import TEXTS

Kind = Literal["text", "texts"]
"""Whether a key takes one text, or also a list of texts."""

TEXT_PARTS: dict[str, Kind] = {
    **dict.fromkeys(("root", "cache", "folder", "into", "dir", "subdir", "run_dir", "weights_path", "teacher"), "text"),
    **dict.fromkeys(("problems_csv", "storage", "study", "project", "wandb.group", "entity", "name", "title"), "text"),
    **dict.fromkeys(("how_to", "url", "md5", "sha256", "searchpath", "smaller"), "text"),
    **dict.fromkeys(("experiment_name", "run_name", "tracking_uri", "registry"), "text"),
    **dict.fromkeys(("include", "tags"), "texts"),
}  # fmt: skip
"""The last one or two parts of a key inside a group -> kind; options of conf/ that take paths or names."""


def text_keys(schema: type, place: str = "") -> Iterator[tuple[str, Kind]]:
    """Key -> kind, for the keys of a schema that take texts."""
    hints = get_type_hints(schema, include_extras=True)
    for field in fields(schema):
        hint = hints[field.name]
        options = set(get_args(hint)) - {type(None)} if type(None) in get_args(hint) else {hint}
        if is_dataclass(hint):
            yield from text_keys(hint, f"{place}{field.name}.")  # type: ignore[arg-type]  # a class, not an instance
        elif options == {str}:
            yield f"{place}{field.name}", "text"
        elif options == {list[str]} or (get_origin(hint) is Annotated and TEXTS in hint.__metadata__):
            yield f"{place}{field.name}", "texts"


def kind_of(key: str, kinds: Mapping[str, Kind]) -> Kind | None:
    """The kind of a key: of the schema (`kinds`), or by the last parts of a key inside a group; None: no text."""
    if key in kinds:
        return kinds[key]
    parts = key.split(".")
    if len(parts) == 1 or "@" in key:
        return None
    return TEXT_PARTS.get(parts[-1]) or TEXT_PARTS.get(".".join(parts[-2:]))
