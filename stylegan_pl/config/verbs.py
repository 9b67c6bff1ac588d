"""The table of verbs, which `stylegan-pl` lists and which says how each command line is read."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from hydra.core.config_store import ConfigStore
from hydra.utils import get_class

from stylegan_pl.runs.ranks import folder_overrides


class Verb(NamedTuple):
    """A row: `python -m stylegan_pl.NAME` with the config `conf/NAME.yaml`."""

    options: str | None  # dotted path of a dataclass: the types of its options; None: it reads its words itself
    function: str  # dotted path, imported when needed: a composed config -> exit code; without options, words -> None
    does: str  # a few words for the list of verbs
    example: str  # one command line, after the verb
    keys: Mapping[str, str] = MappingProxyType({})  # typed word -> key, for words that Hydra reads as a group
    adds: Callable[[Sequence[str]], list[str]] = lambda words: []  # a command line -> words to add to it

    @property
    def schema(self) -> type | None:
        """The dataclass of its options, imported when needed."""
        return None if self.options is None else get_class(self.options)


VERBS: dict[str, Verb] = {
    "train": Verb(
        "stylegan_pl.train.TrainConfig",
        "stylegan_pl.train.train",
        "train a GAN on photographs and paintings",
        "+experiment=coco_vangogh",
        adds=folder_overrides,  # ranks started together write into one folder
    ),
    "stylize": Verb(
        "stylegan_pl.stylize.StylizeConfig",
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
        "stylegan_pl.app.AppConfig",
        "stylegan_pl.app.app",
        "paint on a page in the browser",
        "ckpt=RUN",
    ),
    "evaluate": Verb(
        "stylegan_pl.evaluate.EvaluateConfig",
        "stylegan_pl.evaluate.evaluate",
        "score a run, or compare several, on a page",
        "ckpt=RUN",
    ),
    "export": Verb(
        "stylegan_pl.export.ExportConfig",
        "stylegan_pl.export.export",
        "write a generator for other programs",
        "ckpt=RUN output=picture.onnx",
    ),
    "preview": Verb(
        "stylegan_pl.preview.PreviewConfig",
        "stylegan_pl.preview.preview",
        "see what a training aims at, in a minute or two",
        "+experiment=sample input=photo.jpg output=preview.png",
    ),
    "prepare": Verb(
        "stylegan_pl.prepare.PrepareConfig",
        "stylegan_pl.prepare.prepare",
        "download a data set, or check one (check=true)",
        "dataset=coco_vangogh",
    ),
}


@cache
def register() -> None:
    """Register the schemas with Hydra as `train_schema`, `stylize_schema`, …, once a process."""
    store = ConfigStore.instance()
    for name, verb in VERBS.items():
        if verb.schema is not None:
            store.store(name=f"{name}_schema", node=verb.schema)
