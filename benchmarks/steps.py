"""A model's training step without loader, Trainer or logging: what every benchmark of the step times."""

from collections.abc import Callable, Sequence

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from torch import Tensor

from benchmarks.typed import told_in_a_line
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.verbs import register
from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.mechanics import PLAYERS
from stylegan_pl.nn.fast.equivalents import channels_last
from stylegan_pl.pictures.crop_size import sides
from stylegan_pl.runs.device import exact_precision
from stylegan_pl.runs.precision import Precision
from stylegan_pl.training.build import build_model

PLAIN = [
    "model.mechanics.channels_last=false",
    "model.mechanics.multiply_less=false",
    "model.mechanics.compile=false",
]
"""Every switch off that all models have."""
NO_DOWNLOADS = ["feature_network=random_filters"]
"""Pretrained weights change no speed of what is measured here, and need a network."""


def composed(overrides: Sequence[str]) -> DictConfig:
    """The config of a training run.

    Raises:
        SystemExit: there is no such key or value.
    """
    register()
    with told_in_a_line(), initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", overrides=["run_dir=.", *overrides])


def device() -> torch.device:
    """The card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def built(config: DictConfig) -> TwoPlayerModule:
    """The model of a config on the device, its faster rules applied; weights depend on nothing but the config."""
    torch.manual_seed(0)
    model = build_model(config)
    model.configure_model()
    return model.to(device())


def random_batch(config: DictConfig, dtype: torch.dtype = torch.float32) -> StylePair:
    """Uniform noise in [-1, 1]: arithmetic takes as long as on pictures."""
    size = (config.batch_size, 3, *sides(config.image_size))
    draw = torch.Generator().manual_seed(1)
    content, style = (torch.rand(size, generator=draw, dtype=dtype).to(device()) * 2 - 1 for _ in range(2))
    return StylePair(content, style)


class Step:
    """Both players' forward, backward and optimizer step, as `TwoPlayerModule.training_step` orders them.

    Args:
        config: of the model, batch size and image size; `precision` is used, data and trainer are not.
    """

    def __init__(self, config: DictConfig, batch: StylePair | None = None) -> None:
        self.model = built(config)
        self.optimizers = dict(zip(self.model.players, self.model.configure_optimizers(), strict=True))
        self.batch = random_batch(config) if batch is None else batch
        in_bf16 = exact_precision(config.precision, device().type) is Precision.bf16
        self.autocast = torch.autocast(device().type, torch.bfloat16, enabled=in_bf16)

    def __call__(self) -> dict[str, Tensor]:
        """One step; the terms, on the device."""
        model = self.model
        batch = StylePair(*map(channels_last, self.batch)) if model.mechanics.channels_last else self.batch
        order = PLAYERS if model.mechanics.first_player == "generator" else PLAYERS[::-1]
        terms: dict[str, Tensor] = {}
        with self.autocast:
            fakes = model.generate(batch)
        for player in (player for player in order if player in self.optimizers):
            with _only(model, player), self.autocast:
                found = model._terms(player, batch, fakes)
                _descend(self.optimizers[player], found)
            terms |= {f"{player}/{name}": term.detach() for name, term in found.items()}
        if model.ema is not None:
            size = len(batch.content)
            model.clock.images_seen += size
            model.ema.update(model.generator, batch_images=size, images_seen=model.clock.images_seen)
        return terms


def _descend(optimizer: torch.optim.Optimizer, terms: dict[str, Tensor]) -> None:
    torch.stack([term.float() for term in terms.values()]).sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


class _only:
    """Within it, one player's parameters alone ask for gradients, as Lightning's `toggle_optimizer` has it."""

    def __init__(self, model: TwoPlayerModule, player: str) -> None:
        others = [module for other in model.players if other != player for module in model.player_modules(other)]
        self.parameters = [p for module in others for p in module.parameters() if p.requires_grad]

    def __enter__(self) -> None:
        for parameter in self.parameters:
            parameter.requires_grad_(False)

    def __exit__(self, *_: object) -> None:
        for parameter in self.parameters:
            parameter.requires_grad_(True)


Run = Callable[[], object]
