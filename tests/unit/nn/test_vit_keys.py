"""Keys of a ViT against its attention computed by hand, and every way to have no weights."""

import copy
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from stylegan_pl.errors import UserError
from stylegan_pl.nn.pretrained.imagenet import ImageNetInput
from stylegan_pl.nn.pretrained.vit_keys import ViTKeys, self_similarity
from stylegan_pl.nn.pretrained.weights import WeightsError

timm = pytest.importorskip("timm")
TINY = "vit_tiny_patch16_224"


def pictures(side: int = 224, *, seed: int = 0, n: int = 2) -> Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    return random_vit()


def random_vit() -> torch.nn.Module:
    torch.manual_seed(0)
    network = timm.create_model(TINY, num_classes=0).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


@pytest.fixture(scope="module")
def file(reference: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("weights") / "tiny.pth"
    torch.save(reference.state_dict(), path)
    return str(path)


def attention(x: Tensor, state: dict[str, Tensor], at: str, heads: int) -> tuple[Tensor, Tensor]:
    """What a block's attention adds, and its keys of all heads side by side, head by head."""
    weight, bias = state[f"{at}.qkv.weight"], state[f"{at}.qkv.bias"]
    width = x.shape[-1]
    each = width // heads
    mixed, keys = [], []
    for head in range(heads):
        q, k, v = (
            x @ weight[part * width + head * each : part * width + (head + 1) * each].T
            + bias[part * width + head * each : part * width + (head + 1) * each]
            for part in range(3)
        )
        mixed.append((q @ k.transpose(1, 2) / each**0.5).softmax(dim=-1) @ v)
        keys.append(k)
    out = torch.cat(mixed, dim=-1) @ state[f"{at}.proj.weight"].T + state[f"{at}.proj.bias"]
    return out, torch.cat(keys, dim=-1)


def keys_by_hand(images: Tensor, state: dict[str, Tensor], *, heads: int = 3, patch: int = 16) -> Tensor:
    def norm(x: Tensor, at: str) -> Tensor:
        weight, bias = state[f"{at}.weight"], state[f"{at}.bias"]
        return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + 1e-6).sqrt() * weight + bias

    patches = images.unfold(2, patch, patch).unfold(3, patch, patch)  # (N, 3, 14, 14, 16, 16)
    patches = patches.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)
    x = patches @ state["patch_embed.proj.weight"].flatten(1).T + state["patch_embed.proj.bias"]
    x = torch.cat([state["cls_token"].expand(len(x), -1, -1), x], dim=1) + state["pos_embed"]
    for block in range(12):
        at = f"blocks.{block}"
        added, keys = attention(norm(x, f"{at}.norm1"), state, f"{at}.attn", heads)
        x = x + added
        hidden = norm(x, f"{at}.norm2") @ state[f"{at}.mlp.fc1.weight"].T + state[f"{at}.mlp.fc1.bias"]
        x = x + torch.nn.functional.gelu(hidden) @ state[f"{at}.mlp.fc2.weight"].T + state[f"{at}.mlp.fc2.bias"]
    return keys


def test_keys_are_those_of_the_deepest_block_computed_by_hand(reference: torch.nn.Module, file: str) -> None:
    network = ViTKeys(architecture=TINY, weights_path=file).train()
    images = pictures()
    normalise = ImageNetInput(mean=reference.pretrained_cfg["mean"], std=reference.pretrained_cfg["std"])
    found = network(images)
    assert found.shape == (2, 197, 192)
    assert not found.requires_grad
    torch.testing.assert_close(found, keys_by_hand(normalise(images), reference.state_dict()), rtol=1e-3, atol=1e-3)
    assert not network.state_dict() and not list(network.parameters())
    assert torch.equal(copy.deepcopy(network)(images), found)
    assert not network.network.blocks[-1].attn.qkv._forward_hooks


def test_pictures_of_any_size_become_a_square_without_aliasing(file: str) -> None:
    network = ViTKeys(architecture=TINY, weights_path=file)
    stripes = (torch.arange(500) % 2 * 2.0 - 1).expand(1, 3, 300, 500)
    grey = network(torch.zeros(1, 3, 224, 224))
    gap = (network(stripes) - grey).norm() / grey.norm()
    assert gap < 0.25 * (network(stripes[..., :224, :224]) - grey).norm() / grey.norm()


def test_cosines_are_those_of_each_two_tokens() -> None:
    keys = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0))
    expected = [[[torch.cosine_similarity(a, b, dim=0) for b in one] for a in one] for one in keys]
    torch.testing.assert_close(self_similarity(keys), torch.tensor(expected))


def test_what_is_not_there_is_told_in_one_line(tmp_path: Path, file: str) -> None:
    with pytest.raises(WeightsError, match=r"metric\.NAME\.network\.weights_path: no file .*nowhere\.pth") as refused:
        ViTKeys(architecture=TINY, weights_path=str(tmp_path / "nowhere.pth"))
    assert "\n" not in str(refused.value)
    with pytest.raises(UserError, match="not the weights of this vit_tiny_patch16_384"):
        ViTKeys(architecture="vit_tiny_patch16_384", weights_path=file)
    with pytest.raises(UserError, match=r"timm has no 'vit_huge_of_mine'; try vit_small_patch8_224\.dino"):
        ViTKeys(architecture="vit_huge_of_mine")
    with pytest.raises(UserError, match="'resnet18' is no plain ViT"):
        ViTKeys(architecture="resnet18")


def test_a_network_that_nobody_published_weights_of_wants_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    network = timm.create_model(TINY, num_classes=0)
    network.pretrained_cfg = {**network.pretrained_cfg, "url": ""}
    monkeypatch.setattr(timm, "create_model", lambda name, **_: network)
    with pytest.raises(
        WeightsError, match=r"timm names no file of its weights; .*metric\.NAME\.network\.weights_path="
    ):
        ViTKeys(architecture=TINY)


def test_without_timm_its_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match=r"needs timm; type pip install 'stylegan-pl\[timm\]'"):
        ViTKeys()
