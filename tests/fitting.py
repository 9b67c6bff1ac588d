"""Short trainings of a composed config, undisturbed or stopped by a signal, and a record of who moved."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback
from omegaconf import DictConfig

from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.training import fit as fit_module
from stylegan_pl.training.build import build_data, build_model, build_trainer
from stylegan_pl.training.run import run


class Spy(Callback):
    """Keeps, just before each optimizer's step, who steps and which parameters have a gradient; and every loss term."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, dict[str, bool]]] = []
        self.terms: list[dict[str, float]] = []
        self.largest: dict[str, float] = {}  # of each parameter's gradients, in absolute value

    def on_before_optimizer_step(self, trainer, pl_module, optimizer) -> None:
        owner = trainer.optimizers.index(optimizer)
        has_gradient = {
            name: p.grad is not None and bool((p.grad != 0).any()) for name, p in pl_module.named_parameters()
        }
        self.steps.append((owner, has_gradient))
        for name, p in pl_module.named_parameters():
            if p.grad is not None:
                self.largest[name] = max(self.largest.get(name, 0.0), float(p.grad.abs().max()))

    def on_train_batch_end(self, trainer, pl_module, outputs: dict[str, Any], batch, batch_idx) -> None:
        self.terms.append({name: float(term) for name, term in outputs.items()})


def fit(config: DictConfig, *callbacks: Callback) -> tuple[TwoPlayerModule, dict[str, torch.Tensor]]:
    """Train; returns the model and its parameters as they were before."""
    torch.manual_seed(0)
    data, model = build_data(config), build_model(config)
    data.prepare()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    trainer = build_trainer(config, Path(config.run_dir))
    trainer.callbacks.extend(callbacks)
    trainer.fit(model, data)
    return model, before


def parameters_of(model: TwoPlayerModule, player: str) -> set[str]:
    """Names of the parameters that a player trains."""
    modules = [*model.player_modules(player), *([model.image_losses] if player == "generator" else [])]
    own = {id(p) for module in modules for p in module.parameters() if p.requires_grad}
    return {name for name, p in model.named_parameters() if id(p) in own}


class InterruptAt(Callback):
    """Sends this process a signal once so many images are seen, as Ctrl-C would."""

    def __init__(self, images: int, number: signal.Signals) -> None:
        self.images, self.number = images, number

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if pl_module.clock.images_seen == self.images - len(batch.content):
            os.kill(os.getpid(), self.number)


class KillWandb(Callback):
    """Kills the process that W&B sends by, once the run goes on."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        if batch_idx == 0:
            done = subprocess.run(["pkill", "-KILL", "-P", str(os.getpid()), "wandb-core"])  # a child of this process
            assert done.returncode == 0, "W&B has no such process any more"


class NotImported(Callback):
    """Ends a run that has imported what it has no use for."""

    def __init__(self, module: str) -> None:
        self.module = module

    def on_train_end(self, trainer, pl_module) -> None:
        assert self.module not in sys.modules


def run_until(images: int, number: signal.Signals, config: DictConfig, monkeypatch: pytest.MonkeyPatch) -> int:
    """`run`, sent a signal in the batch that ends at so many images; its exit code."""
    build = fit_module.build_trainer

    def interrupted(config: DictConfig, run_dir: Path):
        trainer = build(config, run_dir)
        trainer.callbacks.append(InterruptAt(images, number))
        return trainer

    with monkeypatch.context() as patched:
        patched.setattr(fit_module, "build_trainer", interrupted)
        return run(config)


def assert_same(a: Any, b: Any, path: str = "") -> None:
    """Equal to the last bit, however nested."""
    assert type(a) is type(b), path
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b), path
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), path
        for key in a:
            assert_same(a[key], b[key], f"{path}.{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), path
        for index, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{path}[{index}]")
    else:
        assert a == b, path


def environment_of(cwd: Path) -> dict[str, str]:
    """Of a command: nobody's W&B key, a home of its own, one thread; but the list of fonts, seconds to make."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
    return {"MPLCONFIGDIR": str(Path.home() / ".cache/matplotlib")} | env | {"OMP_NUM_THREADS": "1", "HOME": str(cwd)}


def command(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m stylegan_pl.…` in a folder of its own, without anybody's W&B key."""
    typed, env = [sys.executable, "-m", *arguments], environment_of(cwd) | environment
    return subprocess.run(typed, capture_output=True, text=True, cwd=cwd, env=env, timeout=300)
