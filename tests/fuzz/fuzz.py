"""Damaged and forged files for the readers, by hand: `python tests/fuzz/fuzz.py [READER …] [--seconds 120]`.

A file of each kind is changed at random, in its bytes or in what it says, and read. A `UserError` of one line is right,
and so is an answer; anything else, and what takes longer than `PATIENCE` seconds, is a fault: its input is kept in
`outputs/fuzz`, and `--seed N --cases 1` makes it again.
"""

import argparse
import faulthandler
import io
import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import compose_config

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.verbs import register
from stylegan_pl.data.reading.decode import decode
from stylegan_pl.errors import UserError
from stylegan_pl.evaluation.training_data import sets_of
from stylegan_pl.exporting.card import card
from stylegan_pl.exporting.facts import facts_of
from stylegan_pl.inference.onnx.painter import OnnxPainter
from stylegan_pl.inference.painter import Painter
from stylegan_pl.loggers.csv import RunCSV
from stylegan_pl.nn.pretrained.tensor_files import safetensors_bytes
from stylegan_pl.pictures.read import read_image, upright_exif, upright_size
from stylegan_pl.runs.checkpoint import load, load_generator
from stylegan_pl.runs.curves import read_curves
from stylegan_pl.runs.folder import alone_in
from stylegan_pl.runs.record import RunRecord
from stylegan_pl.runs.status import read_status, write_status
from stylegan_pl.stylizing.film import paint_one_film
from stylegan_pl.training.resume import was_preempted

PATIENCE = 20  # seconds a file
MEMORY = 12 * 2**30  # bytes of this process
PART = {"_target_": "stylegan_pl.nn.layers.upsample.ResizeConv", "_partial_": True, "mode": "nearest"}
INIT = {"_target_": "stylegan_pl.nn.layers.init.init_normal", "_partial_": True, "std": 0.02}
DOWN = {"_target_": "stylegan_pl.nn.layers.downsample.StridedConv", "_partial_": True}
ROOM = "stylegan_pl.generators"
MIXED = {
    "_target_": f"{ROOM}.resnet.ResNetGenerator", "blocks": 1, "width": 2,
    "upsample": PART, "downsample": DOWN, "init": INIT,
}  # fmt: skip
GENERATORS: list[dict[str, Any]] = [
    MIXED,
    {"_target_": f"{ROOM}.seed.SeedGenerator", "width": 2},
    {"_target_": f"{ROOM}.mobile.MobileGenerator", "blocks": 1, "width": 2, "init": INIT},
    {"_target_": f"{ROOM}.johnson.JohnsonGenerator", "blocks": 1, "width": 2, "upsample": PART},
    {"_target_": f"{ROOM}.context.ContextGenerator", "width": 2, "dilations": [1, 2], "grey": False},
    {"_target_": f"{ROOM}.unet.UNetGenerator", "levels": 2, "width": 2, "max_width_factor": 2, "dropout": 0.5},
    {
        "_target_": f"{ROOM}.adain.AdaINGenerator", "init": INIT,
        "encoder": {"_target_": "stylegan_pl.nn.layers.conv_encoder.ConvEncoder", "width": 2},
        "decoder": {"_target_": "stylegan_pl.nn.layers.decoders.ResidualDecoder", "_partial_": True, "blocks": 1},
    },
]  # fmt: skip
ODD: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, -0.0, float("nan"), float("inf"), "", "a", "3", "${now:}", "\0",
    [], [[]], {}, {"_target_": "os.system"}, {"_target_": None}, {"_partial_": 3}, PART, MIXED, [MIXED],
    {"_args_": [1]}, {"": ""}, b"bytes", (1, 2), {1: 2}, 1j, "stylegan_pl.nn.pretrained.vgg.VGG",
    "stylegan_pl.nn.layers.init.init_he",
    "../" * 9, "é" * 9, "/dev/zero", [1, 2, 3], [0], ["relu1_1"],
]  # fmt: skip

Draw = random.Random


def changed_bytes(whole: bytes, draw: Draw) -> bytes:
    """A few bits, numbers, pieces or the end of it."""
    data = bytearray(whole)
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        at, other = (draw.randrange(len(data) + 1) for _ in range(2))
        size = draw.choice((1, 2, 4, 8, 64, 1000))
        match draw.randrange(7):
            case 0:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                if at < len(data):
                    data[at] ^= 1 << draw.randrange(8)
            case 2:
                number = draw.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)) % 2 ** (8 * min(size, 8))
                data[at : at + min(size, 8)] = number.to_bytes(min(size, 8), draw.choice(("little", "big")))
            case 3:
                del data[at : at + size]
            case 4:
                data[at:at] = data[other : other + size]
            case 5:
                data[at : at + size] = data[other : other + size]
            case 6:
                if draw.random() < 0.3:
                    del data[at:]
    return bytes(data)


def changed_data(value: Any, draw: Draw) -> Any:
    """Plain data, one thing in it replaced, doubled, removed or hung elsewhere."""
    value = deepcopy(value)
    places = [
        (value, key)
        for value in _containers(value)
        for key in (value if isinstance(value, dict) else range(len(value)))
    ]
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        if not places:
            return draw.choice(ODD)
        holder, key = draw.choice(places)
        match draw.randrange(5):
            case 0 | 1 | 2:
                _put(holder, key, deepcopy(draw.choice(ODD)))
            case 3 if isinstance(holder, dict):
                holder.pop(key, None)
            case 3 | 4:
                other, place = draw.choice(places)
                if isinstance(other, dict) and place in other:
                    _put(holder, key, deepcopy(other[place]))
    return value


def _containers(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    children = value.values() if isinstance(value, dict) else value
    return [value, *(inside for child in children for inside in _containers(child))]


def _put(holder: Any, key: Any, value: Any) -> None:
    if isinstance(holder, dict) or key < len(holder):
        holder[key] = value


# ---------------------------------------------------------------- what is read, and what is written for it


class Reader:
    """One kind of file.

    Args:
        folder: for what is written.
    """

    fine: tuple[type[BaseException], ...] = (UserError,)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def case(self, draw: Draw) -> Path:
        """A file to be read."""
        raise NotImplementedError

    def read(self, path: Path) -> None:
        """As the verbs do."""
        raise NotImplementedError


class Checkpoints(Reader):
    """Checkpoints: damaged ones, whole archives of damaged parts, and whole ones that say something else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.contents = [_checkpoint(node) for node in GENERATORS]

    def case(self, draw: Draw) -> Path:
        path, way, content = self.folder / "last.ckpt", draw.randrange(4), draw.choice(self.contents)
        if way == 3:
            generator = changed_data(content["config"]["model"]["generator"], draw)
            model = {**content["config"]["model"], "generator": generator}
            torch.save({**content, "config": {**content["config"], "model": model}}, path)
        else:
            torch.save(changed_data(content, draw) if way == 2 else content, path)
        if way < 2:
            path.write_bytes((_repacked if way else changed_bytes)(path.read_bytes(), draw))
        return path

    def read(self, path: Path) -> None:
        checkpoint = load(path)
        generator = load_generator(path)
        _paint(generator)
        _card(path)
        sets_of(checkpoint["config"], path)


def _checkpoint(node: dict[str, Any]) -> dict[str, Any]:
    state = {f"generator.{key}": value for key, value in instantiate(node, _convert_="all").state_dict().items()}
    folder = {"_target_": "stylegan_pl.data.folder.ImageFolder", "root": "/tmp", "include": ["*.png"], "load_size": 32}
    data = {"content": folder, "style": dict(folder), "pairing": {"_target_": "stylegan_pl.data.pairing.Unpaired"}}
    model = {"_target_": "stylegan_pl.models.vanilla.VanillaGAN", "generator": node}
    return {
        "config": {"model": model, "data": data, "image_size": 32, "seed": 0, "precision": "fp32"},
        "state_dict": state, "images_seen": 8, "format_version": 1,
        "callbacks": {"RunCheckpoints": {"best_score": 1.5, "best_images": 4, "kept": 0}},
    }  # fmt: skip


def _repacked(whole: bytes, draw: Draw) -> bytes:
    """The archive with one part damaged, and its sum right."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(result, "w") as target:
        names = source.namelist()
        chosen = draw.choice([name for name in names if name.endswith("data.pkl")] * 3 + names)
        for name in names:
            content = source.read(name)
            target.writestr(name, changed_bytes(content, draw) if name == chosen else content)
    return result.getvalue()


class Safetensors(Reader):
    """Exported weights: damaged ones, and whole ones that say something else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files = [self._told(_checkpoint(node)) for node in GENERATORS]

    def _told(self, checkpoint: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        weights = {key.removeprefix("generator."): value for key, value in checkpoint["state_dict"].items()}
        facts = {
            "generator": checkpoint["config"]["model"]["generator"], "format_version": 1, "about": "a painter",
            "training": {"method": "VanillaGAN", "images_seen": 8}, "data": {"content": "a/b", "style": None},
            "scores": {"kid": {"value": 0.5, "floor": 1.0, "ceiling": 0.1, "n": 50}}, "cost": {"training": "8 s"},
        }  # fmt: skip
        return weights, facts

    def case(self, draw: Draw) -> Path:
        path, (weights, facts) = self.folder / "generator.safetensors", draw.choice(self.files)
        says_else = draw.random() < 0.6
        if says_else:
            facts = changed_data(facts, draw)
        whole = safetensors_bytes(weights, {"stylegan_pl": json.dumps(facts, default=str, skipkeys=True)})
        path.write_bytes(whole if says_else else changed_bytes(whole, draw))
        return path

    def read(self, path: Path) -> None:
        _paint(load_generator(path))
        _card(path)


class Onnx(Reader):
    """Exported graphs: damaged ones, and whole ones that say something else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.whole = (Path(__file__).parents[1] / "fixtures/format_1/generator.onnx").read_bytes()

    def case(self, draw: Draw) -> Path:
        import onnx

        path = self.folder / "generator.onnx"
        if draw.random() < 0.5:
            path.write_bytes(changed_bytes(self.whole, draw))
            return path
        model = onnx.load_from_string(self.whole)
        (told,) = [pair for pair in model.metadata_props if pair.key == "stylegan_pl"]
        told.value = json.dumps(changed_data(json.loads(told.value), draw), default=str, skipkeys=True)
        path.write_bytes(model.SerializeToString())
        return path

    def read(self, path: Path) -> None:
        OnnxPainter(path, device="cpu")(np.zeros((1, 20, 24, 3), dtype=np.uint8))


class Pictures(Reader):
    """Image files of every format that is read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        rng = np.random.default_rng(0)
        colours = Image.fromarray(rng.integers(0, 256, (33, 47, 3), dtype=np.uint8))
        grey = Image.fromarray(rng.integers(0, 65536, (33, 47), dtype=np.uint16))
        clear = colours.convert("RGBA")
        clear.putalpha(colours.convert("L"))
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "a camera"
        profile = _profile()
        kinds: list[tuple[str, Image.Image, dict[str, Any]]] = [
            ("jpg", colours, {"exif": exif, "icc_profile": profile}), ("jpg", colours.convert("CMYK"), {}),
            ("jpg", colours, {"progressive": True, "subsampling": 2}), ("png", clear, {"icc_profile": profile}),
            ("png", grey, {}), ("png", colours.quantize(16), {"exif": exif}), ("webp", clear, {"lossless": True}),
            ("webp", colours, {"exif": exif}), ("tif", colours, {"compression": "tiff_lzw"}), ("tif", grey, {}),
            ("tif", colours, {"compression": "jpeg"}), ("tif", clear, {"compression": "tiff_deflate"}),
            ("bmp", colours, {}), ("gif", colours, {}), ("avif", colours, {}),
        ]  # fmt: skip
        self.seeds: list[tuple[str, bytes]] = []
        for suffix, image, options in kinds:
            buffer = io.BytesIO()
            try:
                image.save(buffer, {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix), **options)
            except (KeyError, OSError):  # this Pillow writes no AVIF
                continue
            self.seeds.append((suffix, buffer.getvalue()))

    def case(self, draw: Draw) -> Path:
        suffix, whole = draw.choice(self.seeds)
        path = self.folder / f"picture.{suffix}"
        path.write_bytes(changed_bytes(whole, draw))
        return path

    def read(self, path: Path) -> None:
        refused = None
        for look in (read_image, upright_size, _exif, _decoded, _smaller):
            try:
                look(path)
            except UserError as error:
                _one_line(error)
                refused = error
        if refused is not None:
            raise refused


def _profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _exif(path: Path) -> None:
    upright_exif(path)


def _decoded(path: Path) -> None:
    decode(path.read_bytes(), str(path), at_least=16, fast=True)


def _smaller(path: Path) -> None:
    read_image(path, at_least=8, one_frame=True)


class Configs(Reader):
    """A run's config.yaml, as `train --config-dir` reads it: text damaged, or values replaced."""

    fine = (UserError, OmegaConfBaseException, InstantiationException)  # the last two are told in a line by `cli`

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        config = compose_config("train", ["+debug=smoke", "data=sample", "run_dir=run"])
        self.config: Any = OmegaConf.to_container(config, resolve=True, enum_to_str=True)

    def case(self, draw: Draw) -> Path:
        path = self.folder / "config.yaml"
        # a few rooms of it: the whole takes a second to be read, most of it for what was not changed
        rooms = draw.sample(sorted(self.config), k=4)
        data = changed_data({key: value for key, value in self.config.items() if key in rooms}, draw)
        try:
            text = OmegaConf.to_yaml(OmegaConf.create(data))
        except Exception:  # what no YAML file can hold
            text = OmegaConf.to_yaml(OmegaConf.create(self.config))
        if draw.random() < 0.3:
            text = changed_bytes(text.encode(), draw).decode("utf-8", errors="replace")
        path.write_text("defaults: [train_schema, _self_]\n" + text)
        return path

    def read(self, path: Path) -> None:
        from hydra.errors import HydraException

        register()
        try:
            with initialize_config_dir(str(path.parent), version_base="1.3"):
                config = compose("config")
        except HydraException:
            return  # `cli` explains it
        except Exception as error:  # the YAML reader's
            if "yaml" in type(error).__module__ or isinstance(error, OmegaConfBaseException):
                return
            raise
        check_config(config)


class Films(Reader):
    """Films of several containers, painted as `stylize` does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from clips import write_film

        frames = np.random.default_rng(0).integers(0, 256, (9, 32, 48, 3), dtype=np.uint8)
        kinds = [(".mp4", "libx264", "aac"), (".mkv", "mpeg4", "aac"), (".webm", "libvpx", "libopus")]
        kinds += [(".avi", "mpeg4", "mp2"), (".ts", "libx264", "mp2")]
        self.seeds = []
        for suffix, codec, sound in kinds:
            path = write_film(folder / f"whole{suffix}", frames, codec=codec, sound_codec=sound)
            self.seeds.append((suffix, path.read_bytes()))

    def case(self, draw: Draw) -> Path:
        suffix, whole = draw.choice(self.seeds)
        path = self.folder / f"film{suffix}"
        path.write_bytes(changed_bytes(whole, draw))
        return path

    def read(self, path: Path) -> None:
        output = self.folder / "painted.mkv"
        output.unlink(missing_ok=True)
        typed = ["ckpt=x", "input=x", "output=x", "batch_size=4", "film.options={preset:ultrafast}"]
        config = compose_config("stylize", typed)
        config.input, config.output = str(path), str(output)
        assert paint_one_film(config, lambda: Painter(torch.nn.Identity())) in (0, 1)
        assert output.is_file() and not list(self.folder.glob(".*"))  # no lock, no half a film


class Records(Reader):
    """What a run's folder says of it, as resuming, reports and sweeps read it."""

    names = ("status.json", "metrics.csv", "diagnosis.json")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        status = {"state": "running", "pid": 1, "host": "here", "seconds": 3.5, "validation_seconds": 0.5}
        status |= {"images_seen": 40, "best_score": 0.5, "versions": {"torch": "2.9"}, "error": None}
        symptom = {"name": "collapse", "images_seen": 40, "evidence": "all alike", "advice": "a larger batch"}
        head = "images_seen,step,train/generator/style,val/kid\n"
        self.status, self.symptoms = status, [symptom]
        self.curves = head + "".join(f"{2 * step},{step},{1 / step},\n" for step in range(1, 40)) + "80,40,,0.5\n"

    def case(self, draw: Draw) -> Path:
        run, name = self.folder / "run", draw.choice(self.names)
        run.mkdir(exist_ok=True)
        wholes = {"status.json": self.status, "diagnosis.json": self.symptoms}
        for other in self.names:
            if other in wholes and other == name and draw.random() < 0.5:
                text = json.dumps(changed_data(wholes[other], draw), default=str, skipkeys=True)
            else:
                text = json.dumps(wholes[other]) if other in wholes else self.curves
            (run / other).write_text(text)
        if draw.random() < 0.7:
            (run / name).write_bytes(changed_bytes((run / name).read_bytes(), draw))
        return run / name

    def read(self, path: Path) -> None:
        run, record = path.parent, RunRecord(path.parent)
        record.curves(), record.cost(), record.symptoms()
        was_preempted(run)
        with alone_in(run):
            logger = RunCSV(str(run))
            logger.drop_rows_after(60)
            logger.log_metrics({"val/fid": 1.0, "images_seen": 62}, step=31)
            assert read_curves(run / "metrics.csv").get("val/fid") == [(62.0, 1.0)]
            write_status(run, state="done")
            assert read_status(run)["state"] == "done"


def _paint(generator: torch.nn.Module) -> None:
    with torch.no_grad():
        picture = torch.zeros(1, 3, 16, 16)
        painted = generator(picture, picture) if getattr(generator, "takes_style", False) else generator(picture)
        assert painted.shape == picture.shape


def _card(path: Path) -> None:
    card(path.name, {"file": {}, **facts_of(path)}, [], "")


READERS: dict[str, Callable[[Path], Reader]] = {
    "checkpoints": Checkpoints, "safetensors": Safetensors, "onnx": Onnx, "pictures": Pictures, "configs": Configs,
    "films": Films, "records": Records,
}  # fmt: skip

# ---------------------------------------------------------------- the loop


def _one_line(error: BaseException) -> None:
    said = str(error)
    if isinstance(error, UserError) and ("\n" in said or len(said) > 600 or "weights_only" in said):
        raise AssertionError(f"not one plain line: {said[:600]}") from error


def _tried(reader: Reader, path: Path) -> str:
    """How it ended: read, refused, or a traceback."""
    signal.alarm(PATIENCE)
    try:
        reader.read(path)
        return "read"
    except reader.fine as error:
        try:
            _one_line(error)
        except AssertionError:
            return traceback.format_exc()
        return "refused"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return traceback.format_exc()
    finally:
        signal.alarm(0)


class TooSlow(BaseException):
    """No Exception: a reader that takes any of those for a damaged file would take this for one, too."""


def _too_slow(*_: object) -> None:
    raise TooSlow(f"more than {PATIENCE} s")


def main() -> int:
    """The command line; 1 where a fault was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", default=list(READERS))
    parser.add_argument("--seconds", type=float, default=120, help="in all")
    parser.add_argument("--seed", type=int, default=0, help="of the first file")
    parser.add_argument("--cases", type=int, default=10**9, help="at most, of each reader")
    asked = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _too_slow)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    kept, faults = Path("outputs/fuzz"), 0
    with tempfile.TemporaryDirectory() as name:
        for chosen in asked.readers:
            reader, ends = READERS[chosen](Path(name)), {"read": 0, "refused": 0, "fault": 0}
            until, seen = time.monotonic() + asked.seconds / len(asked.readers), set()
            for seed in range(asked.seed, asked.seed + asked.cases):
                if time.monotonic() > until:
                    break
                path = reader.case(random.Random(seed))
                end = _tried(reader, path)
                ends[end if end in ends else "fault"] += 1
                if end not in ends and (place := _place(end)) not in seen:
                    seen.add(place)
                    kept.mkdir(parents=True, exist_ok=True)
                    (kept / f"{chosen}-{seed}{path.suffix}").write_bytes(path.read_bytes())
                    print(f"{chosen}, seed {seed}:\n{end}", file=sys.stderr)
            faults += ends["fault"]
            print(f"{chosen}: {ends['read']} read, {ends['refused']} refused, {ends['fault']} faults", flush=True)
    return int(faults > 0)


def _place(text: str) -> str:
    """Where a traceback ends, so that each fault is shown once."""
    return "".join([line for line in text.splitlines() if line.startswith("  File ")][-2:])


if __name__ == "__main__":
    sys.exit(main())
