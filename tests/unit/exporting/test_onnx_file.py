"""Every generator of conf/ as an ONNX graph: what onnxruntime paints is what torch paints, at any size."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import compose_config
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.generators.context import ContextGenerator
from stylegan_pl.inference.any_size import pad_to_stride, stylize_batch
from stylegan_pl.inference.load_painter import painter_of
from stylegan_pl.inference.onnx.painter import OnnxPainter
from stylegan_pl.nn.pretrained.wanted import without_pretrained

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
from stylegan_pl.exporting.onnx_file import in_half, to_onnx, write_onnx  # noqa: E402

TINY: dict[str, Any] = {"width": 8, "blocks": 1, "levels": 3}
NAMES = sorted(path.stem for path in conf_dir().glob("generator/*.yaml"))


def generator_of(name: str) -> nn.Module:
    """As conf/ has it, but narrow and shallow, with weights that make its pictures lively."""
    config = compose_config(
        "train",
        ["model=vanilla" if "adain" not in name else "model=adain_scratch", f"generator@model.generator={name}"],
    )
    node = config.model.generator
    for part in (node, node.get("encoder") or {}, node.get("decoder") or {}):
        for key in part:
            if key in TINY:
                part[key] = TINY[key]
    torch.manual_seed(0)
    with without_pretrained():
        network = instantiate(OmegaConf.to_container(node, resolve=True), _convert_="all")
    for weight in network.parameters():
        if weight.dim() == 4:
            nn.init.normal_(weight, std=((3 if name == "adain" else 2) / weight[0].numel()) ** 0.5)  # deep, no norms
    return network.eval().requires_grad_(False)


def written(model: Any, generator: nn.Module, path: Path, *, preprocessing: bool = True) -> Path:
    graph = {"stride": generator.stride, "takes_style": generator.takes_style, "preprocessing": preprocessing}
    write_onnx(model, path, {"graph": graph})
    return path


def random_pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 256, (*shape, 3), dtype=np.uint8)


def by_torch(generator: nn.Module, pictures: np.ndarray, *conditions: Any) -> np.ndarray:
    class Given(nn.Module):
        stride = generator.stride

        def forward(self, content: torch.Tensor) -> torch.Tensor:
            return generator(content, *conditions)

    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    painted = stylize_batch(Given(), planes, device=torch.device("cpu"), dtype=torch.float32)
    return painted.permute(0, 2, 3, 1).numpy()


def apart(one: np.ndarray, other: np.ndarray) -> int:
    assert one.shape == other.shape and one.dtype == other.dtype == np.uint8
    return int(np.abs(one.astype(int) - other).max())


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("resnet9", "unet256")])  # their small selves
def test_every_generator_paints_alike_at_any_size(name, tmp_path):
    generator = generator_of(name)
    path = written(to_onnx(generator, preprocessing=True, opset=18), generator, tmp_path / "g.onnx")
    style = random_pictures(1, 32, 48) if generator.takes_style else None
    given = []
    if generator.takes_style:
        given = [torch.from_numpy(style).permute(0, 3, 1, 2) / 127.5 - 1, 0.7]
    painter = OnnxPainter(path, style=style, strength=0.7 if generator.takes_style else None, device="cpu")
    for shape in [(1, 1, 1), (1, 3, 50), (2, 33, 47), (1, 64, 32)]:
        pictures = random_pictures(*shape)
        expected = by_torch(generator, pictures, *given)
        assert apart(painter(pictures), expected) <= 1, shape
        assert expected.std() > 5 or pictures.size < 10  # a flat picture would agree with anything
    nodes = onnx.load(path).graph
    assert str(Path.cwd()) not in str(nodes)[:200_000], "the graph tells where it was traced"
    names = [d.dim_param for d in nodes.input[0].type.tensor_type.shape.dim]
    assert names[:3] == ["batch", "height", "width"]


def test_without_preprocessing_the_graph_is_the_network(tmp_path):
    import onnxruntime

    generator = generator_of("seed")
    model = to_onnx(generator, preprocessing=False, opset=18)
    path = written(model, generator, tmp_path / "g.onnx", preprocessing=False)
    planes = torch.rand(2, 3, 20, 36) * 2 - 1
    (painted,) = onnxruntime.InferenceSession(path).run(None, {"image": planes.numpy()})
    assert np.abs(painted - generator(planes).numpy()).max() < 1e-5
    pictures = random_pictures(1, 19, 23)
    assert (
        apart(OnnxPainter(path)(pictures), by_torch(generator, pictures)) <= 1
    )  # the painter does what the graph left


def test_a_graph_that_paints_nan_is_told_and_not_painted_black(tmp_path):
    generator = generator_of("seed")
    for weight in generator.parameters():
        weight.mul_(1e30)
    model = to_onnx(generator, preprocessing=False, opset=18)
    path = written(model, generator, tmp_path / "g.onnx", preprocessing=False)
    with pytest.raises(DataError, match=r"^the graph paints nan or infinite numbers; export without half=true"):
        OnnxPainter(path)(random_pictures(1, 20, 20))


def test_half_precision_is_smaller_and_close(tmp_path):
    generator = generator_of("johnson")
    single = to_onnx(generator, preprocessing=True, opset=18)
    size = written(single, generator, tmp_path / "single.onnx").stat().st_size
    half = written(in_half(single), generator, tmp_path / "half.onnx")
    assert half.stat().st_size < 0.65 * size
    pictures = random_pictures(1, 40, 40)
    painted, expected = OnnxPainter(half)(pictures), by_torch(generator, pictures)
    assert 0 < apart(painted, expected) <= 8, "half precision rounds, and does little else"


def test_the_mirror_in_the_graph_is_the_one_of_stylize():
    from stylegan_pl.exporting.graph import mirrored
    from stylegan_pl.inference.onnx.painter import mirrored as of_arrays

    for height, width, stride in [(1, 1, 4), (2, 3, 8), (5, 31, 4), (17, 16, 32), (40, 64, 8)]:
        pictures = random_pictures(1, height, width)
        expected = pad_to_stride(torch.from_numpy(pictures).permute(0, 3, 1, 2).float(), stride).permute(0, 2, 3, 1)
        image = torch.from_numpy(pictures)
        assert torch.equal(mirrored(mirrored(image, 1, stride), 2, stride).float(), expected)
        assert np.array_equal(of_arrays(pictures, stride), expected.numpy().astype(np.uint8))


def test_facts_travel_in_the_file(tmp_path):
    generator = generator_of("seed")
    path = tmp_path / "g.onnx"
    write_onnx(to_onnx(generator, preprocessing=True, opset=18), path, {"graph": {}, "licence": "CC BY 4.0, Zoë"})
    entry, _ = onnx.load(path).metadata_props
    assert entry.key == "stylegan_pl" and json.loads(entry.value)["licence"] == "CC BY 4.0, Zoë"


def test_strokes_grow_with_the_picture_as_a_checkpoints_do(tmp_path):
    generator = generator_of("johnson")
    path = written(to_onnx(generator, preprocessing=True, opset=18), generator, tmp_path / "g.onnx")
    pictures = random_pictures(1, 96, 128)
    ours = painter_of(generator, stroke_at=64, device=torch.device("cpu"), dtype=torch.float32)
    expected = ours(torch.from_numpy(pictures).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    own = OnnxPainter(path, stroke_at=None)(pictures)
    grown = OnnxPainter(path, stroke_at=64)(pictures)
    assert np.abs(grown.astype(int) - expected).mean() < 0.3 * np.abs(own.astype(int) - expected).mean()


def test_a_look_without_strokes_says_so_in_the_file(tmp_path):
    generator = ContextGenerator(width=8, grey=True).eval()
    path = tmp_path / "g.onnx"
    graph = {"stride": 1, "takes_style": False, "preprocessing": True, "has_strokes": generator.has_strokes}
    write_onnx(to_onnx(generator, preprocessing=True, opset=18), path, {"graph": graph})
    assert OnnxPainter(path).strokes.ratio(3000, 4000) == 1


def test_a_flipped_bit_is_found_wherever_it_is(tmp_path):
    generator = generator_of("seed")
    path = written(to_onnx(generator, preprocessing=True, opset=18), generator, tmp_path / "g.onnx")
    whole = path.read_bytes()
    OnnxPainter(path)
    weight = next(tensor for tensor in onnx.load_from_string(whole).graph.initializer if len(tensor.raw_data) > 1000)
    for place in (whole.index(weight.raw_data) + 500, whole.index(b"takes_style"), whole.rindex(b"sha256") + 30):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ConfigError) as caught:
            OnnxPainter(path)
        assert str(caught.value) == f"model={path}: it is damaged: its bytes are not those that were written"
