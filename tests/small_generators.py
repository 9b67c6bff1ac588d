"""Every generator, small enough for a test, and how to call it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.generators.brush import BrushGenerator
from stylegan_pl.generators.context import ContextGenerator
from stylegan_pl.generators.johnson import JohnsonGenerator
from stylegan_pl.generators.mobile import MobileGenerator
from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.generators.seed import SeedGenerator
from stylegan_pl.generators.unet import UNetGenerator
from stylegan_pl.inference.styles import InStyle
from stylegan_pl.nn.layers.conv_encoder import ConvEncoder
from stylegan_pl.nn.layers.decoders import ResidualDecoder
from stylegan_pl.nn.layers.downsample import AntialiasedDownsample
from stylegan_pl.nn.layers.generator import Generator
from stylegan_pl.nn.layers.init import init_he
from stylegan_pl.nn.layers.upsample import AntialiasedUpsample, TransposedConv, TransposedConv4
from stylegan_pl.nn.pretrained.vgg_encoder import VGGEncoder
from stylegan_pl.nn.pretrained.wanted import without_pretrained


def random_vgg_encoder(*layers: str) -> VGGEncoder:
    """VGG-19 with He's random weights: as lively as pretrained ones."""
    with without_pretrained():
        encoder = VGGEncoder(layers=layers) if layers else VGGEncoder()
    for layer in encoder.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return encoder


def scratch() -> AdaINGenerator:
    """An AdaIN that trains its own encoder."""
    return AdaINGenerator(
        encoder=ConvEncoder(width=8), decoder=lambda channels: ResidualDecoder(channels, blocks=2), init=init_he
    )


SMALL: dict[str, Callable[[], Generator]] = {
    "resnet": lambda: ResNetGenerator(blocks=2, width=8),
    "resnet_transposed": lambda: ResNetGenerator(blocks=1, width=8, upsample=TransposedConv),
    "resnet_antialiased": lambda: ResNetGenerator(
        blocks=6, width=4, upsample=AntialiasedUpsample, downsample=AntialiasedDownsample
    ),
    "seed": lambda: SeedGenerator(width=8),
    "unet": lambda: UNetGenerator(levels=4, width=8),
    "unet_transposed": lambda: UNetGenerator(levels=4, width=8, upsample=TransposedConv4),
    "mobile": lambda: MobileGenerator(blocks=2, width=16),
    "johnson": lambda: JohnsonGenerator(blocks=2, width=8),
    "brush": lambda: BrushGenerator(blocks=2, width=8, lengths=(2.0, 3.0), period=16),
    "context": lambda: ContextGenerator(width=8),
    "context_grey": lambda: ContextGenerator(width=8, grey=True),
    "adain": lambda: AdaINGenerator(encoder=random_vgg_encoder()),
    "adain_scratch": scratch,
}


def picture(*shape: int, seed: int = 1) -> Tensor:
    """Uniform in [-1, 1]."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def run(generator: Generator, content: Tensor) -> Tensor:
    """The picture, in a fixed style where one is asked for."""
    if generator.takes_style:
        return generator(content, picture(len(content), 3, 24, 32, seed=5))
    return generator(content)


def network(name: str) -> nn.Module:
    """Pictures in, pictures out, as it is used: eval, frozen, in one style where it takes one."""
    torch.manual_seed(0)
    generator = SMALL[name]().eval().requires_grad_(False)
    if generator.takes_style:
        generator = InStyle(generator, generator.statistics(picture(1, 3, 32, 32, seed=7)), 1.0)
    return generator


def count(network: nn.Module) -> int:
    """Trained parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


@contextmanager
def recorded(network: nn.Module) -> Iterator[list[tuple[nn.Module, Tensor]]]:
    """Every module that runs, in order, with what it returned, before a layer in place could change it."""
    calls: list[tuple[nn.Module, Tensor]] = []

    def note(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor):
            calls.append((module, output.detach().clone()))

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()
