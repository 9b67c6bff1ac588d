"""VGG's taps against torchvision's own networks with the same random weights, and every way to get weights."""

import http.server
import os
import pickle
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

from stylegan_pl.errors import UserError
from stylegan_pl.nn.pretrained.vgg import VGG

# Where each ReLU sits in torchvision's `features`, written out by hand from its configurations D and E.
POSITIONS = {
    "vgg16": {
        "relu1_1": 1, "relu1_2": 3, "relu2_1": 6, "relu2_2": 8, "relu3_1": 11, "relu3_2": 13, "relu3_3": 15,
        "relu4_1": 18, "relu4_2": 20, "relu4_3": 22, "relu5_1": 25, "relu5_2": 27, "relu5_3": 29,
    },
    "vgg19": {
        "relu1_1": 1, "relu1_2": 3, "relu2_1": 6, "relu2_2": 8, "relu3_1": 11, "relu3_2": 13, "relu3_3": 15,
        "relu3_4": 17, "relu4_1": 20, "relu4_2": 22, "relu4_3": 24, "relu4_4": 26, "relu5_1": 29, "relu5_2": 31,
        "relu5_3": 33, "relu5_4": 35,
    },
}  # fmt: skip
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SUFFIX = {"vgg16": ".pth", "vgg19": ".safetensors"}


def reference_features(architecture: str) -> nn.Sequential:
    """torchvision's layers, random weights, without allocating its 120 million classifier parameters."""
    with torch.device("meta"):
        layers = getattr(torchvision.models, architecture)(weights=None).features
    layers = layers.to_empty(device="cpu").eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            layer.weight.uniform_(-1, 1, generator=generator).mul_((6 / layer.weight[0].numel()) ** 0.5)
            layer.bias.uniform_(-0.1, 0.1, generator=generator)
    return layers


@pytest.fixture(scope="module")
def references() -> dict[str, nn.Sequential]:
    return {name: reference_features(name) for name in POSITIONS}


@pytest.fixture(scope="module")
def files(references: dict[str, nn.Sequential], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("weights")
    paths = {}
    for name, layers in references.items():
        weights = {f"features.{key}": value for key, value in layers.state_dict().items()}
        path = folder / f"{name}{SUFFIX[name]}"
        if path.suffix == ".pth":
            torch.save(weights, path)
        else:
            save_file(weights, path)
        paths[name] = str(path)
    return paths


@pytest.fixture(scope="module")
def shallow() -> dict[str, Tensor]:
    """The weights of relu1_1 alone: enough for a network that reads no deeper."""
    generator = torch.Generator().manual_seed(1)
    return {
        "features.0.weight": torch.randn(64, 3, 3, 3, generator=generator),
        "features.0.bias": torch.randn(64, generator=generator),
    }


def vgg(*layers: str, **kwargs: object) -> VGG:
    return VGG(style_layers=dict.fromkeys(layers, 1.0), content_layers={}, **kwargs)


def picture(side: int = 32) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(2)) * 2 - 1


@pytest.mark.parametrize("architecture", POSITIONS)
def test_every_layer_is_torchvisions(
    architecture: str, references: dict[str, nn.Sequential], files: dict[str, str]
) -> None:
    positions = POSITIONS[architecture]
    network = vgg(*positions, architecture=architecture, weights_path=files[architecture])
    features = network(picture())
    assert list(features) == list(positions)
    normalise = torchvision.transforms.Normalize(MEAN, STD)
    x, by_position = normalise((picture() + 1) / 2), {}
    for position, layer in enumerate(references[architecture]):
        x = layer(x)
        by_position[position] = x
    for name, position in positions.items():
        block = int(name[4])
        assert features[name].shape == (2, min(32 * 2**block, 512), 32 // 2 ** (block - 1), 32 // 2 ** (block - 1))
        torch.testing.assert_close(features[name], by_position[position], rtol=1e-3, atol=1e-4, msg=name)
        assert features[name].std() > 0.01


@pytest.mark.parametrize(
    ("layer", "parameters"),
    [("relu1_1", 1_792), ("relu4_1", 3_505_740 - 12), ("relu5_1", 12_944_972 - 12)],  # facts count a 3 → 3 1×1 stem
)
def test_truncated_at_the_deepest_layer(layer: str, parameters: int, files: dict[str, str]) -> None:
    network = VGG(style_layers={"relu1_1": 1.0}, content_layers={layer: 1.0}, weights_path=files["vgg19"])
    held = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    assert sum(part.weight.numel() + part.bias.numel() for part in held) == parameters
    assert set(network(picture())) == {"relu1_1", layer}


def test_content_alone_computes_no_deeper_layer(files: dict[str, str]) -> None:
    network = VGG(
        style_layers={"relu2_2": 1.0}, content_layers={"relu1_2": 1.0}, architecture="vgg16",
        weights_path=files["vgg16"],
    )  # fmt: skip
    ran: list[nn.Module] = []
    for layer in network.layers:
        layer.register_forward_hook(lambda layer, given, found: ran.append(layer))
    content = network.content_only()(picture())
    assert list(content) == ["relu1_2"] and ran == list(network.layers[:4])
    torch.testing.assert_close(content["relu1_2"], network(picture())["relu1_2"])


def test_nothing_of_it_is_trained_or_saved(files: dict[str, str]) -> None:
    network = vgg("relu2_1", weights_path=files["vgg19"])
    assert network.state_dict() == {}
    assert list(network.parameters()) == []
    assert nn.ModuleDict({"features": network}).state_dict() == {}
    assert network.double()(picture().double())["relu2_1"].dtype == torch.float64  # and yet it moves


def test_gradients_reach_the_image(files: dict[str, str]) -> None:
    image = picture(16).requires_grad_()
    vgg("relu3_1", weights_path=files["vgg19"])(image)["relu3_1"].square().sum().backward()
    assert image.grad.isfinite().all()
    assert image.grad.abs().sum() > 0


def test_weights_saved_in_half_precision_run_in_single(shallow: dict[str, Tensor], tmp_path: Path) -> None:
    save_file({key: value.half() for key, value in shallow.items()}, tmp_path / "half.safetensors")
    features = vgg("relu1_1", weights_path=str(tmp_path / "half.safetensors"))(picture(8))
    assert features["relu1_1"].dtype == torch.float32


def test_a_missing_file_is_named_beside_the_remedies(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        vgg("relu1_1", weights_path=str(tmp_path / "nowhere.pth"))
    message = str(caught.value)
    assert f"feature_network.weights_path: no file {tmp_path / 'nowhere.pth'}" in message
    assert "give a .pth or .safetensors file with torchvision's VGG keys" in message
    assert "feature_network=random_filters, which needs none" in message


def wrong_weights(message: str, source: str, key: str) -> None:
    assert f"{source}: not the weights of this VGG, '{key}' is missing or of another shape" in message
    assert "check feature_network.architecture (vgg16 or vgg19)" in message


def test_the_weights_of_the_other_architecture_are_refused(files: dict[str, str]) -> None:
    with pytest.raises(UserError) as caught:  # at position 17 vgg16 pools, vgg19 is still at 256 channels
        vgg("relu4_1", architecture="vgg16", weights_path=files["vgg19"])
    wrong_weights(str(caught.value), files["vgg19"], "features.17.weight")


def test_other_keys_are_refused(shallow: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "bare.pth"
    torch.save({key.removeprefix("features."): value for key, value in shallow.items()}, path)
    with pytest.raises(UserError) as caught:
        vgg("relu1_1", weights_path=str(path))
    wrong_weights(str(caught.value), str(path), "features.0.weight")


def test_weights_that_end_too_early_are_refused(shallow: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "shallow.pth"
    torch.save(shallow, path)
    vgg("relu1_1", weights_path=str(path))
    with pytest.raises(UserError) as caught:
        vgg("relu1_2", weights_path=str(path))
    wrong_weights(str(caught.value), str(path), "features.2.weight")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_file_is_the_users_to_mend(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(b"no weights at all")
    with pytest.raises(UserError, match=path.name):
        vgg("relu1_1", weights_path=str(path))


def test_an_unknown_layer_is_named_before_any_weights_are_sought() -> None:
    with pytest.raises(ValueError, match=r"VGG has no layer 'relu6_1'; it has relu1_1, relu1_2, .*, relu5_4$"):
        vgg("relu6_1", weights_path="/nowhere")
    with pytest.raises(ValueError, match=r"VGG has no layer 'relu3_4'; it has .*, relu5_3$"):
        vgg("relu3_4", architecture="vgg16", weights_path="/nowhere")


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="architecture must be one of vgg16, vgg19, got 'vgg11'"):
        vgg("relu1_1", architecture="vgg11", weights_path="/nowhere")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, the address at which it is served, and a hub cache that starts empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_come_from_a_url(suffix: str, site: tuple[Path, str], shallow: dict[str, Tensor]) -> None:
    folder, address = site
    if suffix == ".pth":
        torch.save(shallow, folder / "weights.pth")
    else:
        save_file(shallow, folder / "weights.safetensors")
    network = vgg("relu1_1", weights_path=f"{address}/weights{suffix}")
    (layer,) = (part for part in network.modules() if isinstance(part, nn.Conv2d))
    assert torch.equal(layer.weight, shallow["features.0.weight"])
    assert torch.equal(layer.bias, shallow["features.0.bias"])


def not_downloaded(message: str, url: str) -> None:
    assert f"vgg19: the pretrained weights could not be downloaded from {url} (" in message
    assert "give a local file with feature_network.weights_path=FILE (.pth or .safetensors)" in message
    assert "take feature_network=random_filters, which needs none" in message


def test_a_url_without_the_file(site: tuple[Path, str]) -> None:
    url = f"{site[1]}/nothing.pth"
    with pytest.raises(UserError) as caught:
        vgg("relu1_1", weights_path=url)
    not_downloaded(str(caught.value), url)


def test_a_url_that_nobody_answers(site: tuple[Path, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/weights.pth"
        with pytest.raises(UserError) as caught:
            vgg("relu1_1", weights_path=url)
    not_downloaded(str(caught.value), url)


class Bomb:
    """Makes a folder when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("served", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_reading_weights_runs_no_code(
    zipped: bool, served: bool, site: tuple[Path, str], tmp_path: Path, shallow: dict[str, Tensor]
) -> None:
    folder, address = site
    path = folder / "weights.pth"
    contents = {**shallow, "bomb": Bomb(tmp_path / "exploded")}
    if zipped:
        torch.save(contents, path)
    else:
        path.write_bytes(pickle.dumps(contents, protocol=2))
    with pytest.raises(Exception):  # noqa: B017 - whatever it says, it must not build the network
        vgg("relu1_1", weights_path=f"{address}/weights.pth" if served else str(path))
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("architecture", "url"),
    [
        ("vgg16", "https://download.pytorch.org/models/vgg16-397923af.pth"),
        ("vgg19", "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"),
    ],
)
def test_without_a_path_torchvisions_imagenet_weights_are_asked_for_and_checked(
    architecture: str, url: str, shallow: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    def download(address: str, target: str, digest: str, *, progress: bool) -> None:
        asked.update(url=address, digest=digest)
        torch.save(shallow, target)

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    vgg("relu1_1", architecture=architecture)
    assert asked == {"url": url, "digest": url.rpartition("-")[2].removesuffix(".pth")}
    # where torchvision itself would look for it
    assert (tmp_path / "hub/checkpoints" / url.rpartition("/")[2]).is_file()
