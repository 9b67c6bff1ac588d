"""Warns during training about known failures of GANs, each once, with what to type against it."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import lightning as L
import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.diagnosis.symptom import PictureDetector, Reading, Symptom, TermDetector
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.nn.layers.discriminator import head_weights

_log = logging.getLogger(__name__)

_GAMES = {  # D's adversarial terms -> the method's attributes that compute them
    "train/discriminator/adversarial": ("game", "discriminator"),
    "train/discriminator/adversarial_style": ("game", "discriminator"),
    "train/discriminator/adversarial_content": ("content_game", "content_discriminator"),
}


class Finding(NamedTuple):
    """A symptom, and when it was first seen."""

    images_seen: int
    symptom: Symptom


class Diagnosis(L.Callback):
    """At each validation, every detector examines some validation pictures or the terms logged so far.

    Without validation pictures, the detectors of terms examine every logged step.

    A warning is printed when a symptom appears, and again only if it had disappeared. `findings` and `diagnosis.json`
    list all of them. Only rank 0 examines, its own pictures and terms, so no rank waits.

    Args:
        run_dir: folder of diagnosis.json.
        detectors: name -> detector.
        pictures: largest number of pictures from each validation, evenly spread over it.
    """

    def __init__(
        self, run_dir: str, *, detectors: dict[str, PictureDetector | TermDetector], pictures: int = 16
    ) -> None:
        self.run_dir, self.pictures = Path(run_dir), pictures
        self.of_pictures = [detector for detector in detectors.values() if isinstance(detector, PictureDetector)]
        self.of_terms = [detector for detector in detectors.values() if isinstance(detector, TermDetector)]
        self.findings: list[Finding] = []
        self.present: dict[str, Symptom] = {}  # at the last examination
        self._readings: list[Reading] = []
        self._forget_pictures()

    # ------------------------------------------------------------------ collect

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns the terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: dict[str, Any], batch: StylePair, batch_idx: int
    ) -> None:
        """Keep the terms of logged steps only, because reading a term waits for the device."""
        logged = (batch_idx + 1) % trainer.log_every_n_steps == 0  # type: ignore[attr-defined]  # set by a connector
        if not (self.of_terms and logged and trainer.is_global_zero):
            return
        values = torch.stack([term.float() for term in outputs.values()]).tolist()
        terms = dict(zip(outputs, values, strict=True))
        self._readings.append(Reading(pl_module.clock.images_seen, terms, undecided_terms(pl_module, terms)))
        if sum(trainer.num_val_batches) == 0:
            self._judge(pl_module.clock.images_seen, self._seen_in_terms())

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the pictures of the last validation."""
        self._forget_pictures()

    def on_validation_batch_end(  # type: ignore[override]  # our validation_step returns pictures
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Tensor, batch: StylePair, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Keep some of the photographs and their stylised pictures."""
        if trainer.sanity_checking or not (self.of_pictures and trainer.is_global_zero):
            return
        if batch_idx == 0:
            self._stride = max(1, int(trainer.num_val_batches[0]) * len(outputs) // self.pictures)
        mine = [i for i in range(len(outputs)) if (self._passed + i) % self._stride == 0]
        mine = mine[: self.pictures - sum(map(len, self._stylised))]
        self._passed += len(outputs)
        self._content.append(batch.content[mine].float().cpu())
        self._stylised.append(outputs[mine].float().cpu())

    def _forget_pictures(self) -> None:
        self._content: list[Tensor] = []
        self._stylised: list[Tensor] = []
        self._passed, self._stride = 0, 1

    # ------------------------------------------------------------------ report

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Ask every detector, and report what is new."""
        assert isinstance(pl_module, TwoPlayerModule)
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        images = pl_module.clock.images_seen
        self._judge(images, [*self._seen_in_pictures(images), *self._seen_in_terms()])
        self._forget_pictures()

    def _judge(self, images_seen: int, symptoms: Iterable[Symptom]) -> None:
        found = {symptom.name: symptom for symptom in symptoms}
        new = [symptom for name, symptom in found.items() if name not in self.present]
        self.present = found
        for symptom in new:
            self.findings.append(Finding(images_seen, symptom))
            _log.warning("after %s images: %s", f"{images_seen:,}", symptom)
        if new:
            self._write()

    def _seen_in_pictures(self, images_seen: int) -> Iterable[Symptom]:
        if not self._stylised:
            return []
        content, stylised = torch.cat(self._content), torch.cat(self._stylised)
        old_enough = [detector for detector in self.of_pictures if images_seen >= detector.after_images]
        return filter(None, [detector.look(content, stylised) for detector in old_enough])

    def _seen_in_terms(self) -> Iterable[Symptom]:
        windows = [detector.window(self._readings) for detector in self.of_terms]
        self._readings = self._readings[-max(map(len, windows), default=0) :]  # no detector looks further back
        return filter(None, [detector.look(window) for detector, window in zip(self.of_terms, windows, strict=True)])

    def summary(self) -> list[str]:
        """One line per symptom that was present at the last examination, for the end of a run."""
        return [str(symptom) for symptom in self.present.values()]

    def _write(self) -> None:
        rows = [{"images_seen": finding.images_seen, **finding.symptom._asdict()} for finding in self.findings]
        self.run_dir.mkdir(parents=True, exist_ok=True)
        (self.run_dir / "diagnosis.json").write_text(
            json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )

    def state_dict(self) -> dict[str, Any]:
        """The findings; the window of terms starts empty in a resumed run."""
        return {
            "findings": [[finding.images_seen, *finding.symptom] for finding in self.findings],
            "present": [list(symptom) for symptom in self.present.values()],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the findings."""
        self.findings = [Finding(images, Symptom(*symptom)) for images, *symptom in state_dict["findings"]]
        self.present = {symptom[0]: Symptom(*symptom) for symptom in state_dict["present"]}


def undecided_terms(model: TwoPlayerModule, names: Iterable[str]) -> dict[str, float]:
    """The values of D's adversarial terms if D could not separate reals from fakes: w_D · Σ_h w_h · adv_D(b, b).

    b is the loss's boundary. A loss without one depends only on differences of logits, so b = 0 is used.

    Args:
        names: log names of terms; others than D's adversarial ones are left out.
    """
    undecided = {}
    for name in _GAMES.keys() & set(names):
        game, discriminator = (getattr(model, attribute, None) for attribute in _GAMES[name])
        if isinstance(game, AdversarialGame) and discriminator is not None:
            logits = torch.tensor([game.adversarial.boundary or 0.0])
            loss = float(game.adversarial.discriminator(logits, logits))
            undecided[name] = game.discriminator_weight * sum(head_weights(discriminator, 1)) * loss
    return undecided
