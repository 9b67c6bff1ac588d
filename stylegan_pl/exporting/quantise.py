"""Quantises a graph to 8-bit weights and activations; photographs determine the ranges."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from PIL import Image

from stylegan_pl.pictures.read import read_image

LONGEST = 512  # pixels of a calibration picture's longer side


class Photographs(CalibrationDataReader):
    """Feeds photographs to onnxruntime's calibration, one at a time."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = iter(files)

    def get_next(self) -> dict[str, Any] | None:
        """The next input of the graph; None after the last."""
        path = next(self.files, None)
        if path is None:
            return None
        image = read_image(path)
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        return {"image": np.array(image)[None]}


def quantised(model: onnx.ModelProto, photographs: Sequence[Path]) -> onnx.ModelProto:
    """Static quantisation of all convolutions but the first, the last and depthwise ones; weights per channel.

    In those, rounding is most visible: the first and last work on pixels, and depthwise filters average errors over
    nine numbers only. They are a small part of the weights. Norms stay in float32. Weights have 7 bits, because 8
    overflow on CPUs that add products in 16 bits (x86 without VNNI).

    Args:
        model: a graph that contains its preprocessing.
        photographs: files; the smallest and largest activations on them are the ranges.
    """
    convolutions = [node for node in model.graph.node if node.op_type in ("Conv", "ConvTranspose")]
    kept = [convolutions[0], convolutions[-1], *(node for node in convolutions if _groups(node) > 1)]
    level = logging.getLogger().level
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        onnx.save(model, source)
        logging.getLogger().setLevel(logging.ERROR)  # onnxruntime uses the root logger
        try:
            quantize_static(
                source, result, Photographs(photographs), quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"],
                per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                nodes_to_exclude=[node.name for node in kept],
            )  # fmt: skip
        finally:
            logging.getLogger().setLevel(level)
        return onnx.load(result)


def _groups(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
