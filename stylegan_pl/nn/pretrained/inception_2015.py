"""The Inception-v3 of published FID and KID scores, as a modification of torchvision's."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d
from torchvision.models.inception import (
    BasicConv2d,
    Inception3,
    InceptionA,
    InceptionAux,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE,
)

CLASSES = 1008  # outputs of its classifier; torchvision's has 1000


def inception_2015() -> Inception3:
    """TensorFlow's network of 2015-12-05, without weights; its keys are torchvision's.

    Its 3×3 average pooling does not count padding (torchvision's counts zeros), and its last block uses max pooling.
    Its input is (p − 128) / 128 for bytes p.
    """
    blocks = [BasicConv2d, _BlockA, InceptionB, _BlockC, InceptionD, _BlockE, InceptionAux]
    network = Inception3(CLASSES, aux_logits=False, transform_input=False, inception_blocks=blocks, init_weights=False)
    network.Mixed_7c = _LastBlock(2048)
    return network


def is_of_2015(weights: Mapping[str, Tensor]) -> bool:
    """Whether weights are of that network, by the size of its classifier."""
    return "fc.bias" in weights and len(weights["fc.bias"]) == CLASSES


class _BlockA(InceptionA):
    def _forward(self, x: Tensor) -> list[Tensor]:
        return _pooled_anew(self, super()._forward(x), _average(x))


class _BlockC(InceptionC):
    def _forward(self, x: Tensor) -> list[Tensor]:
        return _pooled_anew(self, super()._forward(x), _average(x))


class _BlockE(InceptionE):
    def _forward(self, x: Tensor) -> list[Tensor]:
        return _pooled_anew(self, super()._forward(x), _average(x))


class _LastBlock(InceptionE):
    def _forward(self, x: Tensor) -> list[Tensor]:
        return _pooled_anew(self, super()._forward(x), max_pool2d(x, 3, stride=1, padding=1))


def _pooled_anew(block: InceptionA | InceptionC | InceptionE, branches: list[Tensor], pooled: Tensor) -> list[Tensor]:
    """The block's branches, with the last one recomputed from another pooling; its 1×1 convolution runs twice."""
    return [*branches[:-1], block.branch_pool(pooled)]


def _average(x: Tensor) -> Tensor:
    return avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
