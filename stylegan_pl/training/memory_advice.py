"""How large a batch would fit: said when one did not."""

import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.pictures.crop_size import CropSize, as_typed, sides

_COPIES = 4  # of a trained weight: itself, its gradient, Adam's two averages
_BESIDE = 1.15  # measured: 1.0 (CycleGAN, 64 pixels, batch 4 against 1, a CPU); the rest is caution


def fixed_bytes(model: TwoPlayerModule) -> int:
    """What a step holds whatever the batch: weights, gradients, Adam's averages, the average of the generator."""
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    others = sum(p.numel() * p.element_size() for p in model.parameters() if not p.requires_grad)
    return _COPIES * trained + others + sum(b.numel() * b.element_size() for b in model.buffers())


def pair_bytes(model: TwoPlayerModule, image_size: CropSize) -> int:
    """What autograd keeps of one pair's generator forwards, in float32; of a model on the meta device, at no cost."""
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
    """Pairs per device that a step should have room for; 0 where not even one has.

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
    """One line: what did not fit, the batch that would have, and what else lowers it.

    Args:
        model: built on the meta device; its mechanics say how many batches make a step already.
        batch_size: pairs per device.
        device: for people.
        capacity_bytes, half: see `fitting_batch`.
        half_there: the precision of 16 bits that the device computes in: bf16 or fp16.
    """
    fits = min(fitting_batch(model, image_size, capacity_bytes, half=half), batch_size - 1)
    said = f"about {fits} pairs would have fitted" if fits >= 1 else "not even one pair would have fitted"
    mechanics, options = model.mechanics, []
    if fits >= 1:
        turns = -(-batch_size // fits)
        accumulate = turns * mechanics.accumulate_batches  # so that a step is made of as many pairs as before
        options.append(f"batch_size={-(-batch_size // turns)} model.mechanics.accumulate_batches={accumulate}")
    if not mechanics.recompute:
        options.append("model.mechanics.recompute=true")
    if not half:
        options.append(f"precision={half_there}")
    options.append("a smaller image_size")
    return (
        f"out of memory at batch_size={batch_size}, image_size={as_typed(*sides(image_size))} on {device} with "
        f"{capacity_bytes / 2**30:.0f} GiB: {said}; type {', or '.join(options)}"
    )
