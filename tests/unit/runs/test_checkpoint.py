"""Checkpoint files: the one that is meant, whole, ours, and unable to run anything but our networks."""

import logging
import os
import pickle
import re
import socket
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from stylegan_pl.errors import UserError
from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.generators.seed import SeedGenerator
from stylegan_pl.nn.layers.upsample import TransposedConv
from stylegan_pl.nn.pretrained.vgg_encoder import VGGEncoder
from stylegan_pl.runs.checkpoint import load, load_generator, newest_good, resolve
from stylegan_pl.runs.file_format import FORMAT_VERSION
from stylegan_pl.runs.from_file import parsed
from stylegan_pl.runs.network_from_file import networks
from stylegan_pl.runs.renamed import RENAMED

SEED = {"_target_": "stylegan_pl.generators.seed.SeedGenerator", "width": 2}
RESNET = {
    "_target_": "stylegan_pl.generators.resnet.ResNetGenerator",
    "blocks": 1,
    "width": 2,
    "upsample": {"_target_": "stylegan_pl.nn.layers.upsample.TransposedConv", "_partial_": True},
}


def checkpoint(
    path: Path,
    *,
    generator: dict[str, Any] | None = None,
    weights: dict[str, torch.Tensor] | None = None,
    time: float | None = None,
    images: float = 0,
) -> Path:
    """A checkpoint as a run writes it, dated `time` seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    config = {"model": {"generator": generator or SEED}}
    torch.save({"config": config, "state_dict": weights or {}, "images_seen": images}, path)
    if time is not None:
        os.utime(path, (time, time))
    return path


def prefixed(prefix: str, network: nn.Module) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{key}": value for key, value in network.state_dict().items()}


def truncate(path: Path, share: float = 0.5) -> Path:
    stamp = path.stat().st_mtime
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    os.utime(path, (stamp, stamp))
    return path


# resolve


def test_a_file_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "any.ckpt"
    path.touch()
    assert resolve(str(path)) == path


@pytest.mark.parametrize("inside", ["checkpoints", "."])
def test_a_run_folder_is_its_best_checkpoint_else_its_last(tmp_path: Path, inside: str) -> None:
    folder = tmp_path / inside
    folder.mkdir(exist_ok=True)
    (folder / "epoch3.ckpt").touch()
    (folder / "last.ckpt").touch()
    assert resolve(str(tmp_path)) == folder / "last.ckpt"
    (folder / "best.ckpt").touch()
    assert resolve(str(tmp_path)) == folder / "best.ckpt"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        resolve(str(tmp_path / "nowhere"))
    assert str(caught.value) == (
        f"ckpt: no file or folder {tmp_path / 'nowhere'}; give a .ckpt or a run folder such as outputs/train/NAME/DATE"
    )


def test_a_run_without_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UserError) as caught:
        resolve(str(tmp_path))
    assert f"ckpt: no checkpoint in {tmp_path}; has the run been saved yet?" in str(caught.value)


# load


def test_a_whole_checkpoint_is_read(tmp_path: Path) -> None:
    weights = prefixed("generator", SeedGenerator(width=2))
    found = load(checkpoint(tmp_path / "a.ckpt", generator=RESNET, weights=weights))
    assert found["config"]["model"]["generator"] == RESNET
    assert found["state_dict"].keys() == weights.keys()
    assert all(torch.equal(found["state_dict"][key], value) for key, value in weights.items())


@pytest.mark.parametrize("content", [{"state_dict": {}}, {"config": {}}, [1, 2], torch.zeros(2)])
def test_other_peoples_files_are_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(UserError) as caught:
        load(tmp_path / "a.ckpt")
    assert str(caught.value) == f"{tmp_path / 'a.ckpt'}: not a checkpoint of stylegan_pl (it has no config and weights)"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = truncate(checkpoint(tmp_path / "a.ckpt", weights=prefixed("generator", SeedGenerator(width=2))), share)
    with pytest.raises(UserError, match="cannot be read as a checkpoint") as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_text_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").write_text("hello\n")
    for name in ("a.ckpt", "missing.ckpt"):
        with pytest.raises(UserError, match=f"{name}: cannot be read as a checkpoint"):
            load(tmp_path / name)


class Bomb:
    """Makes a folder when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("zipped", [True, False])
def test_loading_runs_no_code(tmp_path: Path, zipped: bool) -> None:
    path, content = tmp_path / "a.ckpt", {"config": {}, "state_dict": {}, "bomb": Bomb(tmp_path / "exploded")}
    if zipped:
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(UserError, match="cannot be read as a checkpoint"):
        load(path)
    assert not (tmp_path / "exploded").exists()


# newest_good


def test_the_newest_by_images_seen_not_by_time_or_name(tmp_path: Path) -> None:
    """`cp -r` dates files as it copies them, and a clock may be set back."""
    newest = checkpoint(tmp_path / "checkpoints" / "a.ckpt", time=1_000, images=400)
    checkpoint(tmp_path / "checkpoints" / "best.ckpt", time=2_000, images=20)
    assert newest_good(tmp_path) == newest


def test_of_two_as_new_the_last_one_that_was_saved(tmp_path: Path) -> None:
    for name in ("best.ckpt", "images=000000400.ckpt", "last.ckpt"):
        checkpoint(tmp_path / "checkpoints" / name, images=400)
    assert newest_good(tmp_path) == tmp_path / "checkpoints/last.ckpt"


def test_a_link_that_leads_nowhere_is_passed_over(tmp_path: Path) -> None:
    good = checkpoint(tmp_path / "checkpoints" / "best.ckpt", images=20)
    (tmp_path / "checkpoints/last.ckpt").symlink_to(tmp_path / "moved-away.ckpt")
    assert newest_good(tmp_path) == good


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_passed_over(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Whoever reads a named pipe waits for somebody to write."""
    good = checkpoint(tmp_path / "checkpoints" / "best.ckpt", images=20)
    make(tmp_path / "checkpoints/last.ckpt")
    assert newest_good(tmp_path) == good


@pytest.mark.parametrize("count", [float("nan"), 10**400, -3])
def test_a_count_that_is_none_is_not_the_newest(tmp_path: Path, count: float) -> None:
    good = checkpoint(tmp_path / "checkpoints" / "best.ckpt", images=20)
    checkpoint(tmp_path / "checkpoints" / "last.ckpt", images=count)
    assert newest_good(tmp_path) == good


def test_a_damaged_newest_file_is_passed_over_with_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "checkpoints"
    checkpoint(folder / "old.ckpt", images=10)
    good = checkpoint(folder / "good.ckpt", images=20)
    damaged = truncate(checkpoint(folder / "damaged.ckpt", images=30))
    with caplog.at_level(logging.WARNING):
        assert newest_good(tmp_path) == good
    (line,) = caplog.messages
    assert line.startswith(f"skipped: {damaged}: cannot be read as a checkpoint")


def test_an_empty_newest_file_is_passed_over(tmp_path: Path) -> None:
    """What a full disk leaves."""
    good = checkpoint(tmp_path / "checkpoints" / "good.ckpt", time=1_000)
    (tmp_path / "checkpoints" / "last.ckpt").touch()
    assert newest_good(tmp_path) == good


def test_no_good_one(tmp_path: Path) -> None:
    assert newest_good(tmp_path) is None
    truncate(checkpoint(tmp_path / "checkpoints" / "a.ckpt"))
    assert newest_good(tmp_path) is None


# what a config may build


def refused(node: Any, target: str, trusted: tuple[str, ...] = ()) -> None:
    with pytest.raises(UserError) as caught:
        parsed(node, Path("their.ckpt"), networks(trusted))
    message = str(caught.value)
    assert message.startswith("their.ckpt: ")
    assert f"its config would run '{target}'" in message
    assert "refused" in message
    assert "trust=[MODULE]" in message


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "torch.nn.Conv2d",
        "stylegan_pl.config.cli.os.system",
        "stylegan_pl.nn.pretrained.vgg.Path",  # a class, but not defined there
        "stylegan_pl.nn.pretrained.vgg.torch.hub.load",  # through a module that a module of ours imports
        "stylegan_pl.nn.layers.upsample.nn.Conv2d",
        "stylegan_pl.generators.resnet.ResidualBlock",  # ours, but asked for from where it is only imported
        "stylegan_pl.nn.pretrained.frozen.freeze",  # a function
        "stylegan_pl.nn.layers.init.nn.Conv2d",
        "stylegan_pl.generators.seed.SeedGenerator.__init__",
        "stylegan_pl.generators.seed.Nothing",
        "stylegan_pl.generators.nothing.SeedGenerator",
        "stylegan_pl.generatorsx.SeedGenerator",
        "stylegan_pl.generators.seed.",
        "stylegan_pl.generators..seed",
        "stylegan_pl.models.vanilla.VanillaGAN",
        "",
    ],
)
def test_what_a_checkpoint_may_not_build(target: str) -> None:
    refused({"_target_": target}, target)
    refused({**RESNET, "upsample": {"_target_": target, "_partial_": True}}, target)
    refused({**RESNET, "upsample": [{"deep": {"_target_": target}}]}, target)


@pytest.mark.parametrize(
    "target",
    [
        "stylegan_pl.generators.resnet.ResNetGenerator",
        "stylegan_pl.generators.seed.SeedGenerator",
        "stylegan_pl.nn.layers.upsample.ResizeConv",
        "stylegan_pl.nn.layers.upsample.TransposedConv",
        "stylegan_pl.nn.layers.blocks.ResidualBlock",
    ],
)
def test_our_networks_pass(target: str) -> None:
    parsed({"_target_": target}, Path("their.ckpt"), networks())
    parsed({**RESNET, "upsample": {"_target_": target, "_partial_": True}}, Path("their.ckpt"), networks())


@pytest.mark.parametrize("trusted", ["their_lab", "their_lab.", "their_lab.networks"])
def test_a_trusted_module_is_imported_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: str
) -> None:
    for package in ("their_lab", "their_lab_malware"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "networks.py").write_text("from torch import nn\nclass UNet(nn.Identity): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = checkpoint(tmp_path / "a.ckpt", generator={"_target_": "their_lab.networks.UNet"})
    assert type(load_generator(path, trusted=["other", trusted])).__name__ == "UNet"
    for target in ("their_lab_malware.networks.UNet", "os.system"):
        refused({"_target_": target}, target, (trusted, "", "."))
    assert "their_lab_malware" not in sys.modules
    with pytest.raises(UserError, match=r"'their_lab\.networks\.Nothing', which cannot be imported"):
        parsed({"_target_": "their_lab.networks.Nothing"}, path, networks([trusted]))


def attempts(folder: Path) -> dict[str, Any]:
    """Configs that make a folder when instantiated."""
    call = {"_target_": "os.mkdir", "path": str(folder)}
    evaluated = {"_target_": "sympy.sympify", "a": f"__import__('os').mkdir('{folder}')"}
    return {
        "child": call,
        "evaluated": evaluated,
        "written": {
            "_target_": "pathlib.Path.write_text",
            "self": {"_target_": "pathlib.Path", "_args_": [str(folder)]},
        },
        "in_a_list": [call],
        "in_a_tuple": (call,),
        "in_a_tuple_in_a_list": [(call,)],
        "by_a_resolver": f"${{oc.create:{{_target_: os.mkdir, path: '{folder}'}}}}",
    }


@pytest.mark.parametrize("way", attempts(Path()))
def test_a_checkpoint_cannot_smuggle_a_call(tmp_path: Path, way: str) -> None:
    for node in (
        {**SEED, "width": attempts(tmp_path / "exploded")[way]},
        {**RESNET, "upsample": attempts(tmp_path / "exploded")[way]},
    ):
        path = checkpoint(tmp_path / "their.ckpt", generator=node)
        with pytest.raises(UserError) as caught:
            load_generator(path)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"extra": 1}, "SeedGenerator an option 'extra'"),
        ({1: 1}, "SeedGenerator an option '1'"),
        ({"ex\ntra": 1}, r"SeedGenerator an option 'ex\ntra'"),
        ({"_args_": [3]}, "SeedGenerator an option '_args_'"),
        ({"width": "many"}, "width='many', which is of another type"),
        ({"width": {"_target_": "stylegan_pl.generators.seed.SeedGenerator"}}, "width=SeedGenerator, which is of an"),
        ({"width": [{"_target_": "stylegan_pl.generators.seed.SeedGenerator"}]}, "which is of another type"),
        ({"width": -1}, "cannot be built"),
        ({"_partial_": True}, "instead of Module"),
    ],
)
def test_arguments_are_those_of_the_constructor(tmp_path: Path, change: dict[Any, Any], said: str) -> None:
    path = checkpoint(tmp_path / "their.ckpt", generator={**SEED, **change})
    with pytest.raises(UserError, match=re.escape(said)) as caught:
        load_generator(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_an_object_is_not_made_where_none_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that would ask for weights on the way, given as an option that wants something else."""
    made: list[str] = []
    monkeypatch.setattr(VGGEncoder, "__init__", lambda self, **options: made.append("an encoder"))
    encoder = {"_target_": "stylegan_pl.nn.pretrained.vgg_encoder.VGGEncoder"}
    for key in ("upsample", "width", "init"):
        path = checkpoint(tmp_path / "their.ckpt", generator={**RESNET, key: encoder})
        with pytest.raises(UserError, match=f"{key}=VGGEncoder, which is of another type"):
            load_generator(path)
    assert not made


# load_generator


@pytest.mark.parametrize(
    ("node", "network"),
    [
        (SEED, lambda: SeedGenerator(width=2)),
        (RESNET, lambda: ResNetGenerator(blocks=1, width=2, upsample=TransposedConv)),
    ],
)
def test_the_generator_comes_back(tmp_path: Path, node: dict[str, Any], network: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    original = network()
    path = checkpoint(tmp_path / "a.ckpt", generator=node, weights=prefixed("generator", original))
    content = torch.rand(1, 3, 16, 16) * 2 - 1
    loaded = load_generator(path)
    assert type(loaded) is type(original)
    assert torch.equal(loaded(content), original(content))
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


def test_averaged_weights_are_preferred(tmp_path: Path) -> None:
    torch.manual_seed(0)
    live, averaged, rival = (SeedGenerator(width=2) for _ in range(3))
    weights = prefixed("generator", live) | prefixed("discriminator", rival) | prefixed("ema.averaged", averaged)
    weights["game.pool._extra_state"] = {"images": torch.zeros(0, 3, 4, 4)}  # as runs keep it
    loaded = load_generator(checkpoint(tmp_path / "a.ckpt", weights=weights))
    for key, value in averaged.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


def test_load_generator_checks_targets(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "a.ckpt", generator={"_target_": "os.mkdir", "path": str(tmp_path / "exploded")})
    with pytest.raises(UserError, match=r"its config would run 'os\.mkdir'"):
        load_generator(path)
    assert not (tmp_path / "exploded").exists()


# malformed files: a line each, in no time, with no question to the network


def told(path: Path) -> str:
    """The line in which a file is refused."""
    with pytest.raises(UserError) as caught:
        load_generator(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and "\n" not in line and len(line) < 400 + len(str(path))
    assert "weights_only" not in line
    return line


def nested(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {}
    for _ in range(depth):
        node = {"_target_": SEED["_target_"], "width": node}
    return node


def endless() -> dict[str, Any]:
    node: dict[str, Any] = {}
    node["itself"] = node
    return node


def doubled(times: int) -> list[Any]:
    """2^times values in a few bytes."""
    node: list[Any] = []
    for _ in range(times):
        node = [node, node]
    return node


@pytest.mark.parametrize(
    "generator",
    [
        [SEED],
        None,
        3,
        "resnet6",
        torch.zeros(2),
        nested(900),
        endless(),
        doubled(25),
        {**SEED, "width": 10**9},
        {**SEED, "width": 10**400},
        {**SEED, "width": 1000},  # nothing that could not be built, but its weights are 8 MB
        {**RESNET, "blocks": 10**9},
        {**RESNET, "blocks": True},
        {**RESNET, "blocks": 1.5},
        {"_target_": "stylegan_pl.generators.unet.UNetGenerator", "levels": 10**9},
        {"_target_": "stylegan_pl.generators.context.ContextGenerator", "dilations": [1] * 50_000},
        {"_target_": "stylegan_pl.generators.context.ContextGenerator", "dilations": ["a"]},
        {
            "_target_": "stylegan_pl.nn.pretrained.pretrained_backbones.TimmBackbone",
            "architecture": "hf-hub:someone/model",
        },
        {"_target_": "stylegan_pl.nn.pretrained.vit_keys.ViTKeys", "architecture": "hf-hub:someone/model"},
        {"_target_": 3},
        {3: 4},
        {"width": 2},
    ],
)
def test_a_config_that_is_no_generators_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generator: Any
) -> None:
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, lambda *_: pytest.fail("it asks the network"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it asks the network"))
    state = prefixed("generator", SeedGenerator(width=2))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)  # whoever writes such a file has raised it
    torch.save({"config": {"model": {"generator": generator}}, "state_dict": state}, tmp_path / "a.ckpt")
    sys.setrecursionlimit(limit)
    told(tmp_path / "a.ckpt")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "have a wrong type"),
        ([], "have a wrong type"),
        ({0: torch.zeros(1)}, "have a wrong type"),
        ({"generator.a": None}, "have a wrong type"),
        ({"generator.a": "b"}, "have a wrong type"),
        ({"generator._extra_state": {}}, "do not fit the generator"),
        ({}, "do not fit the generator"),
        (prefixed("generator", SeedGenerator(width=3)), "do not fit the generator"),
        (prefixed("ema.averaged", nn.Conv2d(1, 1, 1)), "do not fit the generator"),
        (
            {
                key: torch.full_like(value, torch.nan)
                for key, value in prefixed("generator", SeedGenerator(width=2)).items()
            },
            "10 of its 10 weights hold nan or infinite numbers, such as 'layers.0.weight'",
        ),
        (
            prefixed("generator", SeedGenerator(width=2)) | {"generator.layers.0.bias": torch.tensor([torch.inf, 0])},
            "1 of its 10 weights hold nan or infinite numbers, such as 'layers.0.bias'",
        ),
        ({"generator.layers.0.weight": torch.zeros(1).expand(10**12)}, "do not fit the generator"),
        *(
            (
                {key: value.to(kind) for key, value in prefixed("generator", SeedGenerator(width=2)).items()},
                "do not fit",
            )
            for kind in (torch.int8, torch.bool, torch.complex64)
        ),
        (
            prefixed("generator", SeedGenerator(width=2)) | {"generator.layers.0.bias": torch.zeros(2).to_sparse()},
            "weights hold nan or infinite|do not fit the generator",
        ),
    ],
)
def test_weights_that_are_none_are_a_line(tmp_path: Path, state: Any, said: str) -> None:
    torch.save({"config": {"model": {"generator": SEED}}, "state_dict": state}, tmp_path / "a.ckpt")
    assert re.search(said, told(tmp_path / "a.ckpt"))


@pytest.mark.parametrize(
    "config", [None, [], "config", {}, {"model": None}, {"model": []}, {"model": {"generator": 0}}]
)
def test_a_config_that_is_none_is_a_line(tmp_path: Path, config: Any) -> None:
    torch.save({"config": config, "state_dict": {}}, tmp_path / "a.ckpt")
    told(tmp_path / "a.ckpt")


def test_a_file_that_would_run_code_says_so_and_not_how_to_let_it(tmp_path: Path) -> None:
    torch.save({"config": {}, "state_dict": {}, "bomb": Bomb(tmp_path / "exploded")}, tmp_path / "a.ckpt")
    assert "which could run code: refused" in told(tmp_path / "a.ckpt")


# damage


def test_a_flipped_bit_is_found_wherever_it_is_and_the_older_file_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "checkpoints"
    weights = prefixed("generator", SeedGenerator(width=8))
    older = checkpoint(folder / "best.ckpt", weights=weights, time=1_000)
    newest = checkpoint(folder / "last.ckpt", weights=weights, time=2_000)
    whole = newest.read_bytes()
    largest = max(zipfile.ZipFile(newest).infolist(), key=lambda part: part.file_size)
    places = [
        whole.index(weights["generator.layers.2.weight"].numpy().tobytes()[:64]) + 17,
        largest.header_offset + 200,
    ]
    for place in places:
        newest.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        os.utime(newest, (2_000, 2_000))
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert newest_good(tmp_path) == older
        assert caplog.messages[0].startswith(f"skipped: {newest}: cannot be read as a checkpoint (it is damaged")
        assert "is not what was written" in told(newest)
    newest.write_bytes(whole)
    assert newest_good(tmp_path) is not None


def test_an_archive_that_unfolds_is_refused(tmp_path: Path) -> None:
    plain = checkpoint(tmp_path / "plain.ckpt")
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(tmp_path / "a.ckpt", "w", zipfile.ZIP_DEFLATED) as packed:
        for part in source.infolist():
            packed.writestr(part.filename, source.read(part))
    assert "compressed" in told(tmp_path / "a.ckpt")


# versions and names of before


def test_a_newer_format_is_refused_and_an_older_read(tmp_path: Path) -> None:
    content = {
        "config": {"model": {"generator": SEED}},
        "state_dict": prefixed("generator", SeedGenerator(width=2)),
    }
    path = tmp_path / "a.ckpt"
    for version in (None, 0, FORMAT_VERSION):
        torch.save(content if version is None else {**content, "format_version": version}, path)
        load_generator(path)
    torch.save({**content, "format_version": FORMAT_VERSION + 1}, path)
    assert "written by a newer stylegan_pl (format 2, this one reads up to 1)" in told(path)
    for version in ("1", -1, 1.0, True, [1]):
        torch.save({**content, "format_version": version}, path)
        assert "format version" in told(path)


def test_what_was_moved_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RENAMED, "stylegan_pl.old.seeds", "stylegan_pl.generators.seeds")  # a module
    monkeypatch.setitem(RENAMED, "stylegan_pl.generators.seeds", "stylegan_pl.generators.seed")  # once more
    monkeypatch.setitem(RENAMED, "stylegan_pl.generators.seed.Source", "stylegan_pl.generators.seed.SeedGenerator")
    monkeypatch.setitem(RENAMED, "a.b", "a.c")
    monkeypatch.setitem(RENAMED, "a.c", "a.b")  # in a circle: none of ours, and no end
    weights = prefixed("generator", SeedGenerator(width=2))
    for target in ("stylegan_pl.old.seeds.SeedGenerator", "stylegan_pl.old.seeds.Source"):
        path = checkpoint(tmp_path / "a.ckpt", generator={**SEED, "_target_": target}, weights=weights)
        assert type(load_generator(path)) is SeedGenerator
        assert load(path)["config"]["model"]["generator"]["_target_"] == SEED["_target_"]
    for target in ("stylegan_pl.old.seedsx.SeedGenerator", "stylegan_pl.older.seeds.SeedGenerator", "a.b"):
        refused_target = checkpoint(tmp_path / "a.ckpt", generator={**SEED, "_target_": target}, weights=weights)
        assert "its config would run" in told(refused_target)


@pytest.mark.parametrize(
    "generator",
    [
        {
            **RESNET,
            "upsample": {"_target_": "stylegan_pl.nn.layers.upsample.ResizeConv", "_partial_": True, "mode": "zigzag"},
        },
        {"_target_": "stylegan_pl.generators.context.ContextGenerator", "dilations": [0]},
        {"_target_": "stylegan_pl.generators.context.ContextGenerator", "dilations": [True]},
        {"_target_": "stylegan_pl.generators.context.ContextGenerator", "dilations": ["1"]},
    ],
)
def test_what_could_be_built_but_never_paint_is_refused_when_it_is_read(tmp_path: Path, generator: Any) -> None:
    assert re.search("cannot be built|of another type", told(checkpoint(tmp_path / "a.ckpt", generator=generator)))


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_weights_that_may_not_be_read_are_not_called_missing(as_nobody):
    path = as_nobody / "generator.safetensors"
    path.write_bytes(b"weights")
    path.chmod(0)
    with pytest.raises(UserError, match=r"cannot be read as safetensors \(.*Permission denied"):
        load_generator(path)
