"""Writes ONNX: a graph for onnxruntime, phones, browsers and, with converters, TensorFlow."""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel
from torch import Tensor, nn
from torch.export import Dim

from stylegan_pl.exporting.facts import Facts
from stylegan_pl.exporting.graph import Pixels, PixelsInStyle
from stylegan_pl.exporting.phases import in_phases
from stylegan_pl.inference.any_size import stride_of
from stylegan_pl.inference.onnx import checksum
from stylegan_pl.runs.file_format import METADATA_KEY

_EXAMPLE = (2, 160, 224)  # pictures, height, width of the traced example; multiples of 32, and all different
_IN_HALF = {"Conv", "ConvTranspose", "Relu", "LeakyRelu", "Concat"}
"""What half=true computes in half precision. Norms add up thousands of squares, which half precision cannot, and
interpolation and reflection have no kernel for it on CPUs."""


def to_onnx(generator: nn.Module, *, preprocessing: bool, opset: int) -> onnx.ModelProto:
    """An ONNX graph whose picture sizes are free.

    Its inputs are `image` and, if the generator takes a style, `style` and `strength`; its output is `painting`.

    Args:
        preprocessing: True: part of the graph, which takes 8-bit RGB (N, H, W, 3) of any size. False: the graph
            takes (N, 3, H, W) in [-1, 1], sides multiples of the generator's stride.
    """
    generator = in_phases(generator)
    takes_style = bool(getattr(generator, "takes_style", False))
    kind = PixelsInStyle if takes_style else Pixels
    network = kind(generator) if preprocessing else generator
    high, wide = (1, 2) if preprocessing else (2, 3)
    free = {0: Dim.DYNAMIC, high: Dim.DYNAMIC, wide: Dim.DYNAMIC}
    shapes: list[dict[int, object]] = [free, {high: Dim.DYNAMIC, wide: Dim.DYNAMIC}, {}] if takes_style else [free]
    names = ["image", "style", "strength"] if takes_style else ["image"]
    with _quiet():
        program = torch.onnx.export(
            network.eval(), _example(generator, preprocessing, takes_style), dynamo=True, dynamic_shapes=tuple(shapes),
            input_names=names, output_names=["painting"], opset_version=opset, verbose=False,
        )  # fmt: skip
    assert program is not None
    model = onnx.load_from_string(program.model_proto.SerializeToString())
    _tidy(model, (high, wide))
    return model


def in_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Convert weights and convolutions to half precision; inputs and outputs keep their types."""
    blocked = sorted({node.op_type for node in model.graph.node} - _IN_HALF)
    with _quiet():
        halved: onnx.ModelProto = convert_float_to_float16(model, keep_io_types=True, op_block_list=blocked)
    in_order = OnnxModel(halved)  # sort the nodes, because the converter appends its casts at the end
    in_order.topological_sort()
    return in_order.model


def write_onnx(model: onnx.ModelProto, path: Path, facts: Facts) -> None:
    """Write one file, with the facts and a checksum in its metadata."""
    del model.metadata_props[:]
    model.metadata_props.add(key=METADATA_KEY, value=json.dumps(facts))
    model.metadata_props.add(key=checksum.KEY, value=checksum.EMPTY)
    onnx.checker.check_model(model)
    path.write_bytes(checksum.with_sum(model.SerializeToString()))


def _example(generator: nn.Module, preprocessing: bool, takes_style: bool) -> tuple[Tensor, ...]:
    count, height, width = _EXAMPLE
    stride = stride_of(generator)
    height, width = (-(-side // stride) * stride for side in (height, width + stride))

    def picture(count: int, height: int, width: int) -> Tensor:
        if preprocessing:
            return torch.zeros(count, height, width, 3, dtype=torch.uint8)
        return torch.zeros(count, 3, height, width)

    image = picture(count, height, width)
    return (image, picture(1, 4 * stride, 6 * stride), torch.tensor(1.0)) if takes_style else (image,)


def _tidy(model: onnx.ModelProto, sides: tuple[int, int]) -> None:
    """Name the free sizes, and remove paths of this machine from the nodes."""
    for value, prefix in ((model.graph.input[0], ""), (model.graph.output[0], ""), *_style(model)):
        dims = value.type.tensor_type.shape.dim
        for axis, name in zip((0, *sides), ("batch", "height", "width"), strict=True):
            if dims[axis].HasField("dim_param"):
                dims[axis].dim_param = prefix + name
    del model.graph.value_info[:]  # it uses the exporter's names for sizes
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
        value.doc_string = ""
    del model.graph.metadata_props[:]
    model.graph.doc_string = model.doc_string = ""
    model.graph.name = "stylegan_pl"


def _style(model: onnx.ModelProto) -> list[tuple[onnx.ValueInfoProto, str]]:
    return [(model.graph.input[1], "style_")] if len(model.graph.input) > 1 else []


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters' messages, which are for their developers; a wrong file is an error of `_check`."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
