"""Networks of which only the shapes are wanted."""

import subprocess
import sys

import torch

from stylegan_pl.generators.unet import UNetGenerator
from stylegan_pl.nn.pretrained.shapes import shapes_only


def test_sizes_are_those_of_the_real_network_and_no_number_is_drawn() -> None:
    torch.manual_seed(0)
    untouched = torch.get_rng_state()
    with shapes_only():
        network = UNetGenerator(levels=4, width=8)
    assert torch.equal(torch.get_rng_state(), untouched)
    real = UNetGenerator(levels=4, width=8)
    assert {name: p.shape for name, p in network.named_parameters()} == {
        name: p.shape for name, p in real.named_parameters()
    }
    assert all(p.is_meta for p in network.parameters())
    assert real.downs[0][0].weight.std() > 0  # nothing is left switched off


def test_torchs_compiler_is_not_imported_for_it() -> None:
    code = (
        "import sys; from stylegan_pl.nn.pretrained.shapes import shapes_only;"
        "from stylegan_pl.nn.layers.init import init_xavier;"
        "from stylegan_pl.generators.resnet import ResNetGenerator;"
        "cm = shapes_only(); cm.__enter__(); ResNetGenerator(); ResNetGenerator(init=init_xavier);"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
