"""The table of verbs, which `stylegan-pl` lists and which says how each command line is read."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from stylegan_pl.config import schema
from stylegan_pl.runs.ranks import folder_overrides


class Verb(NamedTuple):
    """A row: `python -m stylegan_pl.NAME` with the config `conf/NAME.yaml`."""

    schema: type | None  # the schema of its config; None: it has no config and reads its words itself
    function: str  # dotted path, imported when needed: a composed config -> exit code; without a schema, words -> None
    does: str  # a few words for the list of verbs
    example: str  # one command line, after the verb
    keys: Mapping[str, str] = MappingProxyType({})  # typed word -> key, for words that Hydra reads as a group
    adds: Callable[[Sequence[str]], list[str]] = lambda words: []  # a command line -> words to add to it


VERBS: dict[str, Verb] = {
    "train": Verb(
        schema.TrainConfig,
        "stylegan_pl.train.train",
        "train a GAN on photographs and paintings",
        "+experiment=coco_vangogh",
        adds=folder_overrides,  # ranks started together write into one folder
    ),
    "stylize": Verb(
        schema.StylizeConfig,
        "stylegan_pl.stylize.stylize",
        "paint pictures with a trained generator",
        "ckpt=RUN input=photo.jpg output=.",
        keys={"model": "onnx"},
    ),
    "painters": Verb(
        None,
        "stylegan_pl.painters.main",
        "list the trained painters in the box",
        "",
    ),
    "app": Verb(
        schema.AppConfig,
        "stylegan_pl.app.app",
        "paint on a page in the browser",
        "ckpt=RUN",
    ),
    "evaluate": Verb(
        schema.EvaluateConfig,
        "stylegan_pl.evaluate.evaluate",
        "score a run, or compare several, on a page",
        "ckpt=RUN",
    ),
    "export": Verb(
        schema.ExportConfig,
        "stylegan_pl.export.export",
        "write a generator for other programs",
        "ckpt=RUN output=picture.onnx",
    ),
    "preview": Verb(
        schema.PreviewConfig,
        "stylegan_pl.preview.preview",
        "see what a training aims at, in a minute or two",
        "+experiment=sample input=photo.jpg output=preview.png",
    ),
    "prepare": Verb(
        schema.PrepareConfig,
        "stylegan_pl.prepare.prepare",
        "download a data set, or check one (check=true)",
        "dataset=coco_vangogh",
    ),
}


def register() -> None:
    """Register the schemas with Hydra as `train_schema`, `stylize_schema`, …"""
    from hydra.core.config_store import ConfigStore  # imported here, because the list of verbs is printed without Hydra

    store = ConfigStore.instance()
    for name, verb in VERBS.items():
        if verb.schema is not None:
            store.store(name=f"{name}_schema", node=verb.schema)
