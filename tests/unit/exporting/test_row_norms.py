"""Instance norms that onnxruntime spreads over cores give what the norms gave, whatever the picture."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from stylegan_pl.generators.mobile import MobileGenerator
from stylegan_pl.generators.resnet import ResNetGenerator

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from stylegan_pl.exporting.onnx_file import to_onnx  # noqa: E402
from stylegan_pl.exporting.row_norms import with_row_norms  # noqa: E402


def norm(scale: np.ndarray, offset: np.ndarray, epsilon: float = 1e-5) -> onnx.ModelProto:
    node = helper.make_node("InstanceNormalization", ["image", "scale", "offset"], ["painting"], epsilon=epsilon)
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", len(scale), "h", "w"])
        for name in ("image", "painting")
    ]
    constants = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in
                 (("scale", scale), ("offset", offset))]  # fmt: skip
    graph = helper.make_graph([node], "norm", values[:1], values[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})[0]


def operations(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


RNG = np.random.default_rng(0)
CORNER = np.zeros((1, 3, 256, 256))
CORNER[..., :2, :2] = 1.0
PICTURES = {
    "noise": RNG.normal(size=(2, 3, 37, 53)),
    "far from zero": RNG.normal(size=(1, 3, 300, 300)) + 30,
    "nearly flat": 1 + 1e-2 * RNG.normal(size=(1, 3, 256, 256)),
    "one corner": CORNER,
}


@pytest.mark.parametrize("kind", list(PICTURES))
@pytest.mark.parametrize("epsilon", [1e-5, 1e-2])
def test_a_channel_is_normed_by_its_own_mean_and_variance(kind: str, epsilon: float) -> None:
    """Against the formula in float64."""
    image = PICTURES[kind].astype(np.float32)
    exact = image.astype(np.float64)
    mean, variance = (statistic(exact, axis=(2, 3), keepdims=True) for statistic in (np.mean, np.var))
    expected = (exact - mean) / np.sqrt(variance + epsilon)
    model = with_row_norms(norm(np.ones(3), np.zeros(3), epsilon))
    assert "InstanceNormalization" not in operations(model)
    found = run(model, image)
    assert found.shape == image.shape
    assert np.abs(found - expected).max() < 2e-3 * max(1.0, np.abs(expected).max())


def test_flat_pictures_become_zero() -> None:
    model = with_row_norms(norm(np.ones(2), np.zeros(2)))
    for value in (0.0, 0.1, -0.7, 3.0):
        assert np.abs(run(model, np.full((1, 2, 300, 200), value, dtype=np.float32))).max() < 5e-2


def test_a_norm_with_a_scale_of_its_own_stays() -> None:
    for scale, offset in ((np.array([1.0, 2.0]), np.zeros(2)), (np.ones(2), np.array([0.0, 0.1]))):
        model = with_row_norms(norm(scale, offset))
        assert operations(model) == Counter(["InstanceNormalization"])


@pytest.mark.parametrize(
    "make", [lambda: MobileGenerator(blocks=1, width=8), lambda: ResNetGenerator(blocks=1, width=8)]
)
def test_a_generator_paints_the_same(make: type[nn.Module]) -> None:
    torch.manual_seed(0)
    generator = make().eval().requires_grad_(False)
    model = to_onnx(generator, preprocessing=False, opset=18)
    norms = sum(isinstance(layer, nn.InstanceNorm2d) for layer in generator.modules())
    changed = operations(with_row_norms(model))
    assert changed["LayerNormalization"] == norms and "InstanceNormalization" not in changed
    asked = {name for node in model.graph.node for name in node.input}
    assert {tensor.name for tensor in model.graph.initializer} <= asked
    for shape in ((1, 3, 32, 48), (2, 3, 64, 20)):
        image = torch.rand(shape) * 2 - 1
        assert np.abs(run(model, image.numpy()) - generator(image).numpy()).max() < 1e-4
