"""Memory of activations: counted by hand for a chain, and by their slopes independent of weights."""

import pytest
import torch
from torch import Tensor, nn

from stylegan_pl.inference.tiling.activation_memory import WORKSPACE, bytes_per_pixel

CPU = torch.device("cpu")


def measured(network: nn.Module, stride: int = 1, dtype: torch.dtype = torch.float32) -> float:
    """Without the allowance for libraries."""
    return bytes_per_pixel(network, stride, device=CPU, dtype=dtype) / WORKSPACE


@pytest.mark.parametrize("width", [1, 8, 32])
def test_a_chain_holds_two_neighbours_and_the_picture(width):
    chain = nn.Sequential(nn.Conv2d(3, width, 1), nn.ReLU(), nn.Conv2d(width, 3, 1))
    expected = 4 * (3 + max(2 * width, width + 3))  # the picture, and around the ReLU its input and output
    assert measured(chain) == pytest.approx(expected, rel=0.01)


def test_a_skip_connection_keeps_what_it_carries():
    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.widen, self.work, self.narrow = nn.Conv2d(3, 16, 1), nn.Conv2d(16, 16, 1), nn.Conv2d(16, 3, 1)

        def forward(self, image: Tensor) -> Tensor:
            carried = self.widen(image)
            return self.narrow(carried + self.work(self.work(carried)))

    # carried, the second's input, its output; the sum comes when the input is gone
    assert measured(Skip()) == pytest.approx(4 * (3 + 3 * 16), rel=0.01)


def test_work_at_half_the_resolution_counts_a_quarter():
    narrow = nn.Sequential(nn.Conv2d(3, 64, 2, stride=2), nn.ReLU(), nn.ConvTranspose2d(64, 3, 2, stride=2))
    assert measured(narrow, stride=2) == pytest.approx(4 * (3 + 2 * 64 / 4), rel=0.01)


def test_weights_do_not_count_nor_do_their_half_precision_copies():
    heavy = nn.Sequential(nn.Conv2d(3, 4, 31, padding=15), nn.Conv2d(4, 3, 1))
    assert measured(heavy) == pytest.approx(4 * (3 + 7), rel=0.01)
    assert measured(heavy, dtype=torch.bfloat16) < measured(heavy)
