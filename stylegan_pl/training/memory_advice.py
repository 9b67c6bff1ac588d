"""The batch size that would have fitted, reported when memory runs out."""

import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.pictures.crop_size import CropSize, as_typed, sides

_COPIES = 4  # of a trained weight: itself, its gradient, Adam's two averages
_BESIDE = 1.15  # measured: 1.0 (CycleGAN, 64 pixels, batch 4 against 1, a CPU); the rest is caution


def fixed_bytes(model: TwoPlayerModule) -> int:
    """Bytes of a step that do not depend on the batch: weights, gradients, Adam's and the generator's averages."""
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    others = sum(p.numel() * p.element_size() for p in model.parameters() if not p.requires_grad)
    return _COPIES * trained + others + sum(b.numel() * b.element_size() for b in model.buffers())


def pair_bytes(model: TwoPlayerModule, image_size: CropSize) -> int:
    """Bytes that autograd keeps for the generator's forward passes of one pair, in float32; needs no memory itself."""
    parameters = {id(p) for p in model.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if id(tensor) not in parameters:
            kept[id(tensor.untyped_storage())] = tensor
        return tensor

    images = torch.empty(1, 3, *sides(image_size), device="meta")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model.generate(StylePair(images, images.clone()))
    return sum(tensor.numel() * tensor.element_size() for tensor in kept.values())


def fitting_batch(model: TwoPlayerModule, image_size: CropSize, capacity_bytes: int, *, half: bool) -> int:
    """The largest batch size per device that should fit; 0 if not even one pair fits.

    Args:
        model: built on the meta device (`nn.pretrained.shapes.shapes_only`).
        capacity_bytes: of the device.
        half: whether activations are kept in 16 bits.
    """
    pair = _BESIDE * pair_bytes(model, image_size) * (0.5 if half else 1.0)
    return max(0, int((0.95 * capacity_bytes - fixed_bytes(model)) // pair))


def out_of_memory_advice(
    model: TwoPlayerModule,
    *,
    image_size: CropSize,
    batch_size: int,
    device: str,
    capacity_bytes: int,
    half: bool,
    half_there: str,
) -> str:
    """One line: what did not fit, the batch size that would, and what else saves memory.

    Args:
        model: built on the meta device; its mechanics hold the number of batches per step.
        batch_size: pairs per device.
        device: its name, for the message.
        capacity_bytes, half: see `fitting_batch`.
        half_there: the 16-bit precision that the device supports: bf16 or fp16.
    """
    fits = min(fitting_batch(model, image_size, capacity_bytes, half=half), batch_size - 1)
    how_many = f"about {fits} pairs would have fitted" if fits >= 1 else "not even one pair would have fitted"
    mechanics, options = model.mechanics, []
    if fits >= 1:
        turns = -(-batch_size // fits)
        accumulate = turns * mechanics.accumulate_batches  # so that a step has as many pairs as before
        options.append(f"batch_size={-(-batch_size // turns)} model.mechanics.accumulate_batches={accumulate}")
    if not mechanics.recompute:
        options.append("model.mechanics.recompute=true")
    if not half:
        options.append(f"precision={half_there}")
    options.append("a smaller image_size")
    return (
        f"out of memory at batch_size={batch_size}, image_size={as_typed(*sides(image_size))} on {device} with "
        f"{capacity_bytes / 2**30:.0f} GiB: {how_many}; type {', or '.join(options)}"
    )
