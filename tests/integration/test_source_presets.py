"""The source document's two versions, each loss recomputed by hand in float64."""

from pathlib import Path

import pytest
import torch
from conftest import compose_config
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.training.build import build_model

LAMBDAS = {"colour": 0.5, "scale1": 2.0, "scale2": 0.25}


@pytest.fixture
def batch() -> StylePair:
    """Two pairs of 24 pixels."""
    generator = torch.Generator().manual_seed(3)
    content, style = (torch.rand(2, 3, 24, 24, generator=generator) * 2 - 1 for _ in range(2))
    return StylePair(content, style)


def build(name: str, tmp_path: Path, *overrides: str):
    config = compose_config("train", [f"+experiment={name}", f"run_dir={tmp_path}", *overrides])
    torch.manual_seed(1)
    return config, build_model(config)


def by_hand(layers: torch.nn.Sequential, x: Tensor, last) -> Tensor:
    """The document's sketch: five convolutions, ReLU between, `last` at the end, in float64."""
    x = x.double()
    convolutions = [layer for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    assert len(convolutions) == 5
    for index, convolution in enumerate(convolutions):
        weight, bias = convolution.weight.double(), convolution.bias.double()
        x = torch.nn.functional.conv2d(x, weight, bias, padding=1)
        if index < 4:
            x = x.clamp(min=0)
    return last(x)


def test_source_code(tmp_path, batch):
    """BCE on a sigmoid with labels shaped like the output, MSE of the fake to the style image; D first, Adam 1e-3."""
    config, model = build("source_code", tmp_path)
    assert config.model.mechanics.first_player == "discriminator" and config.log_every_batches == 10
    for optimizer in model.configure_optimizers():
        assert type(optimizer) is torch.optim.Adam
        assert optimizer.defaults["lr"] == 1e-3 and optimizer.defaults["betas"] == (0.9, 0.999)
    with torch.no_grad():
        fakes = model.generate(batch)
        fake = by_hand(model.generator.layers, batch.content, torch.tanh)
        torch.testing.assert_close(fakes.stylised.double(), fake, rtol=0, atol=1e-5)
        real_score = by_hand(model.discriminator.layers, batch.style, torch.sigmoid)
        fake_score = by_hand(model.discriminator.layers, fake, torch.sigmoid)
        assert real_score.shape == (2, 1, 24, 24)

        discriminator_loss = -(real_score.log().mean() + (1 - fake_score).log().mean())
        terms = model.discriminator_loss(batch, fakes)
        assert terms.keys() == {"adversarial"}
        assert float(terms["adversarial"]) == pytest.approx(float(discriminator_loss), rel=1e-5)

        terms = model.generator_loss(batch, fakes)
        assert terms.keys() == {"adversarial", "pixel"}
        assert float(terms["adversarial"]) == pytest.approx(float(-fake_score.log().mean()), rel=1e-5)
        pixel = sum((a - b) ** 2 for a, b in zip(fake.flatten().tolist(), batch.style.flatten().tolist(), strict=True))
        assert float(terms["pixel"]) == pytest.approx(pixel / fake.numel(), rel=1e-5)


def test_source_formulas(tmp_path, batch):
    """(D(G(x)) − 1)², (D(y) − 1)² + D(G(x))², and Σ_l λ_l / (C_l H_l W_l) Σ (G_l − A_l)² over Gram matrices."""
    layers = ",".join(f"{name}:{weight}" for name, weight in LAMBDAS.items())
    filters = ["feature_network=random_filters", "feature_network.filters=4"]
    losses = [f"image_loss.style.layers={{{layers}}}", "image_loss.style.weight=0.01"]
    _, model = build("source_formulas", tmp_path, *filters, *losses)
    with torch.no_grad():
        fakes = model.generate(batch)
        fake = by_hand(model.generator.layers, batch.content, torch.tanh)
        real_logits = by_hand(model.discriminator.layers, batch.style, lambda x: x)
        fake_logits = by_hand(model.discriminator.layers, fake, lambda x: x)

        terms = model.discriminator_loss(batch, fakes)
        expected = ((real_logits - 1) ** 2).mean() + (fake_logits**2).mean()
        assert float(terms["adversarial"]) == pytest.approx(float(expected), rel=1e-5)

        terms = model.generator_loss(batch, fakes)
        assert terms.keys() == {"adversarial", "style"}
        assert float(terms["adversarial"]) == pytest.approx(float(((fake_logits - 1) ** 2).mean()), rel=1e-5)
        style_loss = 0.01 * style_loss_by_loops(model, fakes.stylised, batch.style)
        assert float(terms["style"]) == pytest.approx(style_loss, rel=1e-4)


def style_loss_by_loops(model, stylised: Tensor, style: Tensor) -> float:
    """The formula as it is written, sum by sum, mean over the batch."""
    total = 0.0
    ours, theirs = model.feature_network(stylised), model.feature_network(style)
    for name, weight in LAMBDAS.items():
        for fake, real in zip(ours[name].double(), theirs[name].double(), strict=True):
            channels, height, width = fake.shape
            squares = 0.0
            for i in range(channels):
                for j in range(channels):
                    gap = float((fake[i] * fake[j]).sum() - (real[i] * real[j]).sum())
                    squares += gap**2
            total += weight * squares / (channels * height * width) / len(stylised)
    return total
