"""Knowledge distillation: a trained generator teaches a small one (Li et al., 2020; Jin et al., 2021)."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.kernel_alignment import kernel_alignment
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.one_generator import OneGeneratorGAN
from stylegan_pl.models.parts import GameParts
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.training.probes import Probes, common_layers
from stylegan_pl.nn.training.teacher import Teacher

_STUDENT, _TEACHER = "student", "teacher"


@dataclass(kw_only=True)
class TaughtFakes(Fakes):
    """Adds the teacher's pictures, and both networks' features by resolution (`1/4`, …).

    Args:
        taught: T(x), (N, 3, H, W) in [-1, 1].
        student: G_l(x), (N, C, H_l, W_l) each.
        teacher: T_l(x), (N, C', H_l, W_l) each.
    """

    taught: Tensor
    student: Features = field(default_factory=dict)
    teacher: Features = field(default_factory=dict)


class DistilledGAN(OneGeneratorGAN):
    """T is the teacher, trained earlier and frozen; G is the student, of any architecture.

        L_G = λ_out · mean |G(x) − T(x)| + λ_feat · mean_l (1 − KA(G_l(x), T_l(x)))
            + w_adv · adv_G(D(G(x))) + Σ_i w_i · L_i
        L_D = adv_D(D(y), D(G(x))) + γ · penalty

    KA is `losses/kernel_alignment.py`; l runs over the resolutions that both networks have, and G_l, T_l are the last
    features at each. This is GAN Compression's objective for unpaired sets (Li et al., 2020, section 3.1; λ_out = 10),
    with features compared as in CAT (Jin et al., 2021), which has no learned weights: so a student has the same
    parameters with a teacher as without.

    The teacher is not saved in checkpoints. Painting with the student does not need it; resuming a training does, and a
    teacher with other weights is refused.

    Departures: D and G start from random weights, but GAN Compression's from the teacher's; layers are matched by
    resolution, but both papers choose them by name in networks of the same kind.

    Args:
        teacher: the trained generator; in a config, a run folder or a checkpoint.
        output_weight: λ_out.
        feature_weight: λ_feat.
    """

    needs_teacher = True

    def __init__(
        self,
        parts: GameParts,
        teacher: nn.Module,
        *,
        adversarial_weight: float = 1.0,
        output_weight: float = 10.0,
        feature_weight: float = 1.0,
    ) -> None:
        own_weights = [output_weight, feature_weight]
        super().__init__(parts, adversarial_weight=adversarial_weight, own_weights=own_weights)
        self.output_weight, self.feature_weight = output_weight, feature_weight
        self.teacher = Teacher(teacher)
        self._probes: dict[str, Probes] = {}

    def configure_model(self) -> None:
        """Lightning's hook: see the base; then find the layers to compare."""
        super().configure_model()
        if self.feature_weight == 0 or self._probes:
            return
        layers = common_layers({_STUDENT: self.generator, _TEACHER: self.teacher.generator})
        if not layers[_STUDENT]:
            student, teacher = type(self.generator).__name__, type(self.teacher.generator).__name__
            raise ConfigError(
                f"model.feature_weight={self.feature_weight}: {student} and its teacher, {teacher}, have no layers of "
                "one resolution to compare; type model.feature_weight=0"
            )
        self._probes = {network: Probes(of_network) for network, of_network in layers.items()}

    def generate(self, batch: StylePair) -> TaughtFakes:
        """G(x), and G(y) if needed; T(x), and both networks' features."""
        if not self._probes:
            return TaughtFakes(**vars(super().generate(batch)), taught=self.teacher(batch.content))
        with self._probes[_STUDENT] as student, self._probes[_TEACHER] as teacher:
            fakes = TaughtFakes(**vars(super().generate(batch)), taught=self.teacher(batch.content))
        pictures = len(batch.content)  # the forward pass may also contain G(y)
        fakes.student = {name: features[:pictures] for name, features in student.features.items()}
        fakes.teacher = teacher.features
        student.features, teacher.features = {}, {}
        return fakes

    def generator_loss(self, batch: StylePair, fakes: TaughtFakes) -> Terms:
        """The weighted terms of L_G."""
        terms: Terms = {}
        if self.output_weight != 0:
            terms["output"] = self.output_weight * l1_loss(fakes.stylised.float(), fakes.taught.float())
        if fakes.student:
            alignments = [kernel_alignment(features, fakes.teacher[name]) for name, features in fakes.student.items()]
            terms["features"] = self.feature_weight * (1 - torch.stack(alignments).mean())
        return terms | super().generator_loss(batch, fakes)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Also save the teacher's fingerprint."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["teacher"] = self.teacher.fingerprint

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the run, and check that the teacher is the same.

        Raises:
            ConfigError: the run had a teacher with other weights.
        """
        began_with = checkpoint.get("teacher", self.teacher.fingerprint)  # missing if the run had another method
        if began_with != self.teacher.fingerprint:
            raise ConfigError(
                f"model.teacher: the run was taught by weights {began_with}, and these are {self.teacher.fingerprint}; "
                "type model.teacher=RUN_OR_FILE of the former, or start a new run in another hydra.run.dir"
            )
        super().on_load_checkpoint(checkpoint)
