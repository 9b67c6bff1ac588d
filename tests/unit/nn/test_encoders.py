"""Encoders: named layers of known widths; a frozen one carries its weights, and can be built without them."""

from pathlib import Path

import pytest
import torch
import torchvision
from small_generators import picture, random_vgg_encoder
from torch import nn

from stylegan_pl.errors import UserError
from stylegan_pl.nn.layers.conv_encoder import ConvEncoder
from stylegan_pl.nn.pretrained.vgg import VGG
from stylegan_pl.nn.pretrained.vgg_encoder import VGGEncoder
from stylegan_pl.nn.pretrained.wanted import pretrained_wanted, without_pretrained


def test_vggs_layers_are_torchvisions() -> None:
    torch.manual_seed(0)
    encoder = random_vgg_encoder()
    with torch.device("meta"):
        reference = torchvision.models.vgg19(weights=None).features[:21]
    weights = {key.removeprefix("network.layers."): value for key, value in encoder.state_dict().items()}
    reference.load_state_dict({key: value for key, value in weights.items() if key[0].isdigit()}, assign=True)
    image = picture(1, 3, 32, 32)
    x = torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))((image + 1) / 2)
    expected = {}
    for position, layer in enumerate(reference):
        x = layer(x)
        expected[position] = x.clone()
    found = encoder(image, list(encoder.taps))
    for name, position in {"relu1_1": 1, "relu2_1": 6, "relu3_1": 11, "relu4_1": 20}.items():
        torch.testing.assert_close(found[name], expected[position].relu(), rtol=1e-3, atol=1e-4)


def test_vgg_has_the_published_size_and_stride() -> None:
    with torch.device("meta"), without_pretrained():
        encoder = VGGEncoder()
    assert encoder.stride == 8 and encoder.bottleneck == "relu4_1"
    assert encoder.taps == {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512}
    parts = [layer for layer in encoder.modules() if isinstance(layer, nn.Conv2d)]
    assert sum(part.weight.numel() + part.bias.numel() for part in parts) + 12 == 3_505_740  # its 1×1 stem has 12


def test_the_bottleneck_is_the_deepest_layer_in_whatever_order() -> None:
    encoder = random_vgg_encoder("relu3_1", "relu1_2")
    assert list(encoder.taps.items()) == [("relu1_2", 64), ("relu3_1", 256)]
    assert encoder.bottleneck == "relu3_1" and encoder.stride == 4


def test_vgg_is_frozen_and_yet_saved() -> None:
    encoder = random_vgg_encoder("relu1_1", "relu2_1")
    assert list(encoder.parameters()) == []
    assert sum(key.endswith((".weight", ".bias")) for key in encoder.state_dict()) == 6
    assert not encoder.train().network.training
    image = picture(1, 3, 16, 16).requires_grad_()
    encoder(image, ["relu2_1"])["relu2_1"].square().sum().backward()
    assert image.grad.abs().sum() > 0
    with torch.device("meta"), without_pretrained():
        empty = VGGEncoder(layers=["relu1_1", "relu2_1"])
    empty.load_state_dict(encoder.state_dict(), assign=True)  # everything it needs is in the file
    assert torch.equal(empty(image, ["relu2_1"])["relu2_1"], encoder(image, ["relu2_1"])["relu2_1"])


def test_missing_weights_are_told_with_the_generators_remedies(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        VGGEncoder(weights_path=str(tmp_path / "nowhere.pth"))
    message = str(caught.value)
    assert "model.generator.encoder.weights_path: no file" in message
    assert "or take model=adain_scratch, which needs none" in message
    assert "feature_network" not in message


@pytest.mark.parametrize(
    ("layers", "message"), [([], "layers must name at least one layer"), (["relu9_1"], "no layer 'relu9_1'")]
)
def test_bad_layers_are_refused(layers: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message), without_pretrained():
        VGGEncoder(layers=layers)


def test_the_small_encoder_is_its_formula_and_has_no_norm() -> None:
    torch.manual_seed(0)
    encoder = ConvEncoder(width=4)
    assert encoder.taps == {"relu1": 4, "relu2": 8, "relu3": 16}
    assert encoder.stride == 4 and encoder.bottleneck == "relu3"
    x = picture(1, 3, 16, 24)
    features = encoder(x, ["relu1", "relu2", "relu3"])
    for layer, name in zip((part for part in encoder.layers if isinstance(part, nn.Conv2d)), features, strict=True):
        x = layer(x).relu()
        torch.testing.assert_close(features[name], x)
    assert x.shape == (1, 16, 4, 6)
    assert {type(part) for part in encoder.layers} == {nn.Conv2d, nn.ReLU}


def build_vgg(weights_path: str) -> VGG:
    return VGG(style_layers={"relu1_1": 1.0}, content_layers={}, weights_path=weights_path)


def test_without_pretrained_no_file_is_sought() -> None:
    with without_pretrained():
        network = build_vgg("/nowhere.pth")
        with torch.device("meta"):
            assert build_vgg("/nowhere.pth").layers[0].weight.device.type == "meta"
    assert network(picture(1, 3, 8, 8))["relu1_1"].isfinite().all()


def test_without_pretrained_ends_with_its_block_also_by_an_error() -> None:
    with pytest.raises(KeyError), without_pretrained():
        with without_pretrained():
            pass
        assert not pretrained_wanted()
        raise KeyError
    assert pretrained_wanted()
    with pytest.raises(UserError, match="no file"):
        build_vgg("/nowhere.pth")
