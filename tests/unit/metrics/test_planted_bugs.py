"""Bugs that metrics are known for, planted one at a time: each must fail the test that says what the metric is."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import test_adain_distance
import test_artfid
import test_bootstrap
import test_clip_metrics
import test_dino_structure
import test_fid
import test_gram_distance
import test_kid
import test_painting_metrics
import test_pair_metrics
import test_palette_distance
import test_recolour
import test_set_features
import test_sliced_wasserstein
import torch
from torch import Tensor

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.metrics import (
    adain_distance,
    artfid,
    bootstrap,
    by_painting,
    cfsd,
    dino_structure,
    fid,
    flicker,
    gram_distance,
    inception,
    kid,
    nearest_painting,
    palette,
    per_picture,
    per_step,
    probe,
    recolour,
    sliced_wasserstein,
    ssim,
    style_distance,
    warping_error,
)
from stylegan_pl.nn.pretrained import perceptual_distance, vit_keys

Bug = Callable[[pytest.MonkeyPatch], None]
ALL = {path.stem for path in (conf_dir() / "metric").glob("*.yaml")}
OF_INCEPTION = {"fid_clean", "kid", "artfid"}  # by the clean protocol


class Plant(NamedTuple):
    bug: Bug
    caught_by: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    of: frozenset[str] = frozenset()


def beside(folder: str, name: str) -> ModuleType:
    """A module of tests of another folder."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def replaced(owner: Any, name: str, by: Callable[..., Any]) -> Bug:
    """`by` is given what it replaces."""
    return lambda patch: patch.setattr(owner, name, by(getattr(owner, name)))


def with_options(owner: Any, name: str, **options: Any) -> Bug:
    """The function is called with other options than the code says."""
    return replaced(owner, name, lambda f: lambda *a, **kw: f(*a, **{**kw, **options}))


def another_photographs(update: Callable[..., None]) -> Callable[..., None]:
    return lambda self, stylised, content: update(self, stylised, content.roll(1, 0))


def truncated(_: Any) -> Callable[[Tensor], Tensor]:
    return lambda image: ((image.clamp(-1, 1) + 1) * 127.5).to(torch.uint8)


def over_n(_: Any) -> Callable[[Tensor], Tensor]:
    return lambda rows: (rows - rows.mean(dim=0)) / len(rows) ** 0.5


def without_batches_between(update: Callable[..., None]) -> Callable[..., None]:
    def forgetful(self, stylised, content):
        self._last = self._last and per_step.Frame(stylised[0], content[0])
        update(self, stylised, content)

    return forgetful


def rotated_chunks(chunk: Callable[..., Any]) -> Callable[..., Any]:
    def rotated(*arguments, **options):
        first, *others = chunk(*arguments, **options)
        return (*others, first)

    return rotated


def lpips_is_torchmetrics() -> None:
    tests = beside("nn", "test_perceptual_distance")
    torch.manual_seed(0)
    with tests.without_pretrained():
        ours = tests.PerceptualDistance(architecture="alexnet")
    theirs = tests.with_this_backbone(tests.torchmetrics_lpips._LPIPS(net="alex", pnet_rand=True), ours)
    for weight, lin in zip(ours.linear.buffers(), theirs.lins, strict=True):
        weight.copy_(lin.model[-1].weight)
    a, b = tests.pictures(seed=1), tests.pictures(seed=2)
    torch.testing.assert_close(ours(a, b), theirs(a, b).flatten(), rtol=1e-4, atol=1e-7)


def keys_are_by_hand(file: str) -> None:
    tests = beside("nn", "test_vit_keys")
    reference = tests.random_vit()
    torch.save(reference.state_dict(), file)
    tests.test_keys_are_those_of_the_deepest_block_computed_by_hand(reference, file)


def vit_does_not_alias(file: str) -> None:
    tests = beside("nn", "test_vit_keys")
    torch.save(tests.random_vit().state_dict(), file)
    tests.test_pictures_of_any_size_become_a_square_without_aliasing(file)


FILE, CLIP, PATCH = object(), object(), object()  # stand for what a test is given
formula = test_adain_distance.test_it_is_its_formula_channel_by_channel
PLANTS = {
    # how Inception sees pictures
    "clean: not antialiased": Plant(
        with_options(inception, "interpolate", antialias=False),
        test_set_features.test_the_clean_protocol_is_pils_bicubic, (64, 25), frozenset(OF_INCEPTION),
    ),
    "clean: bilinear": Plant(
        with_options(inception, "interpolate", mode="bilinear"),
        test_set_features.test_the_clean_protocol_is_pils_bicubic, (64, 25), frozenset(OF_INCEPTION),
    ),
    "clean: truncated to uint8": Plant(
        replaced(inception, "to_uint8", truncated),
        test_set_features.test_pictures_are_rounded_as_a_file_would_be_and_not_truncated,
        (inception.resize_clean,), frozenset(OF_INCEPTION),
    ),
    "legacy: antialiased": Plant(
        with_options(inception, "interpolate", antialias=True),
        test_set_features.test_the_legacy_protocol_looks_at_two_neighbours_alone, (), frozenset({"fid_legacy"}),
    ),
    "legacy: corners aligned": Plant(
        with_options(inception, "interpolate", align_corners=True),
        test_set_features.test_the_legacy_protocol_looks_at_two_neighbours_alone, (), frozenset({"fid_legacy"}),
    ),
    "legacy: truncated to uint8": Plant(
        replaced(inception, "to_uint8", truncated),
        test_set_features.test_pictures_are_rounded_as_a_file_would_be_and_not_truncated,
        (inception.resize_legacy,), frozenset({"fid_legacy"}),
    ),
    # sets
    "fid: N for N − 1": Plant(
        replaced(fid, "_root_of_set", over_n), test_fid.test_covariances_are_over_n_minus_1, (),
        frozenset({"fid_clean", "fid_legacy", "artfid"}),
    ),
    "fid: no root": Plant(
        replaced(fid, "_from_roots", lambda f: lambda m, a, n, b: (m - n).square().sum() + (a.T @ a - b.T @ b).trace()),
        test_fid.test_it_is_its_formula_with_scipys_root, (200, 90, 12),
    ),
    "kid: the diagonal, N for N − 1": Plant(
        replaced(kid, "_mean_off_diagonal", lambda _: lambda k, times: times @ k @ times / times.sum() ** 2),
        test_kid.test_it_is_its_formula_pair_by_pair, (), frozenset({"kid", "kid_vgg"}),
    ),
    "kid: not divided by d": Plant(
        replaced(kid, "polynomial_kernel", lambda _: lambda a, b: (a @ b.T + 1) ** 3),
        test_kid.test_it_is_its_formula_pair_by_pair,
    ),
    "kid: copies count as pairs": Plant(
        replaced(
            kid, "_mean_off_diagonal",
            lambda _: lambda k, n: (n @ k @ n - n @ k.diagonal()) / (n.sum() * (n.sum() - 1)),
        ),
        test_kid.test_pictures_that_were_drawn_twice_are_no_pairs,
    ),
    "gram: N − 1 positions": Plant(
        replaced(gram_distance, "gram", lambda f: lambda x: f(x) * x[0, 0].numel() / (x[0, 0].numel() - 1)),
        test_gram_distance.test_it_is_its_formula_entry_by_entry, (), frozenset({"gram_distance"}),
    ),
    "gram: covariances": Plant(
        replaced(gram_distance, "gram", lambda f: lambda x: f(x - x.mean(dim=(2, 3), keepdim=True))),
        test_gram_distance.test_it_is_its_formula_entry_by_entry,
    ),
    "adain: N for N − 1": Plant(
        replaced(
            adain_distance, "channel_statistics",
            lambda _: lambda x: (x.mean(dim=(2, 3)), x.std(dim=(2, 3), correction=0)),
        ),
        formula, (), frozenset({"adain_distance"}),
    ),
    "adain: variance for deviation": Plant(
        replaced(adain_distance, "channel_statistics", lambda f: lambda x: (f(x).mean, f(x).std.square())), formula,
    ),
    "palette: BGR": Plant(
        replaced(palette, "lab", lambda f: lambda x: f(x.flip(1))),
        test_palette_distance.test_it_is_scipys_transport_of_lab_within_a_bin, (), frozenset({"palette"}),
    ),
    "palette: sRGB taken for linear light": Plant(
        replaced(palette, "lab", lambda f: lambda x: f(((x + 1) / 2) ** (1 / 2.2) * 2 - 1)),
        test_palette_distance.test_it_is_scipys_transport_of_lab_within_a_bin,
    ),
    "palette: bins of another width": Plant(
        replaced(palette, "_RANGE", lambda _: (100.0, 200.0, 200.0)),
        test_palette_distance.test_it_is_scipys_transport_of_lab_within_a_bin,
    ),
    "nearest: to the mean painting": Plant(
        replaced(nearest_painting, "distances", lambda f: lambda a, b, c: f(a, b.mean(dim=0, keepdim=True), c)),
        test_painting_metrics.test_nearest_painting_is_its_formula_picture_by_picture, (),
        frozenset({"nearest_painting"}),
    ),
    "nearest: another crop of the same painting": Plant(
        replaced(by_painting, "numbered", lambda _: lambda sources: torch.arange(len(sources))),
        test_painting_metrics.test_a_painting_is_never_compared_with_other_crops_of_itself,
    ),
    "style distance: in units of the pictures' own spread": Plant(
        replaced(style_distance, "spread", lambda f: lambda rows: f(0.7 * rows)),
        test_painting_metrics.test_style_distance_is_its_formula_layer_by_layer, (), frozenset({"style_distance"}),
    ),
    "probe: photographs that were learned are judged": Plant(
        replaced(
            probe.Probe, "_folds",
            lambda f: lambda self, real, fake: (
                probe._Fold(
                    probe.logistic_regression(
                        fake.chunk(2, dim=1)[1].flatten(0, 1), real[:, :-1].flatten(0, 1), penalty=self.penalty
                    ),
                    real[:, :-1], fake.chunk(2, dim=1)[0],
                )
                for _ in range(1)
            ),
        ),
        test_painting_metrics.test_nobody_is_judged_by_a_fit_that_saw_him, (), frozenset({"probe"}),
    ),
    "probe: crops of one painting on both sides": Plant(
        replaced(by_painting, "numbered", lambda _: lambda sources: torch.arange(len(sources))),
        test_painting_metrics.test_crops_of_one_painting_are_kept_from_a_fit_together,
    ),
    "recoloured: channel by channel": Plant(
        replaced(recolour, "_power", lambda f: lambda matrix, p: f(torch.diag(matrix.diagonal()), p)),
        test_recolour.test_the_photographs_get_the_paintings_mean_and_covariance,
    ),
    "sliced: squared": Plant(
        replaced(
            sliced_wasserstein, "sliced_wasserstein",
            lambda _: lambda a, b, d: ((a @ d).sort(0).values - (b @ d).sort(0).values).square().mean(),
        ),
        test_sliced_wasserstein.test_two_plain_colours_have_a_known_distance, (), frozenset({"sliced_wasserstein"}),
    ),
    "sliced: a pyramid without its gain": Plant(
        with_options(sliced_wasserstein, "_blur", gain=1.0),
        test_sliced_wasserstein.test_expanded_levels_add_up_to_the_image, (32, 48, 2),
    ),
    "sliced: halved at odd pixels": Plant(
        replaced(sliced_wasserstein, "_blur", lambda f: lambda x, **kw: f(x.roll(-kw.get("stride", 0) // 2, -1), **kw)),
        test_sliced_wasserstein.test_the_rest_is_blurred_and_halved,
    ),
    # pictures beside their photographs
    **{
        f"{name}: shuffled pairs": Plant(
            replaced(per_picture.PerPicture, "update", another_photographs), check, arguments, frozenset({name})
        )
        for name, check, arguments in (
            ("ssim", test_pair_metrics.test_ssim_is_scikit_images, (24,)),
            ("cfsd", test_pair_metrics.test_untouched_photographs_are_best_and_shuffled_ones_worse, ("cfsd",)),
            ("content_distance", test_pair_metrics.test_content_distance_is_its_formula, ()),
            ("lpips", test_dino_structure.test_lpips_is_the_mean_of_its_pictures, ()),
            ("dino_structure", test_dino_structure.test_it_is_its_formula_token_by_token, ()),
        )
    },
    "artfid: shuffled pairs": Plant(
        replaced(artfid.ArtFID, "add_stylised", another_photographs),
        test_artfid.test_it_is_its_formula_with_scipys_root, (), frozenset({"artfid"}),
    ),
    "artfid: LPIPS · FID": Plant(
        replaced(artfid.ArtFID, "_distance", lambda _: lambda self, *sets: torch.stack(self._both(*sets)).prod()),
        test_artfid.test_untouched_pictures_that_are_the_paintings_score_1,
    ),
    "ssim: a range of 1": Plant(
        with_options(ssim, "structural_similarity_index_measure", data_range=1.0),
        test_pair_metrics.test_ssim_is_scikit_images, (24,),
    ),
    "ssim: square windows": Plant(
        with_options(ssim, "structural_similarity_index_measure", gaussian_kernel=False, kernel_size=11),
        test_pair_metrics.test_ssim_is_scikit_images, (41,),
    ),
    "ssim: windows over the border": Plant(
        replaced(ssim, "_WINDOW", lambda _: 1), test_pair_metrics.test_ssim_is_scikit_images, (24,)
    ),
    "cfsd: content and stylised swapped": Plant(
        replaced(cfsd, "kl_div", lambda f: lambda found, wanted, **kw: f(wanted, found, **kw)),
        test_pair_metrics.test_cfsd_is_its_formula_position_by_position, (1024, PATCH),
    ),
    "lpips: channels not brought to norm 1": Plant(
        replaced(perceptual_distance, "normalize", lambda _: lambda x, **kw: x), lpips_is_torchmetrics, (),
        frozenset({"lpips", "artfid"}),
    ),
    "lpips: pictures taken for [0, 1]": Plant(
        replaced(perceptual_distance.ImageNetInput, "forward", lambda f: lambda self, x: f(self, 2 * x - 1)),
        lpips_is_torchmetrics,
    ),
    "dino: values for keys": Plant(replaced(Tensor, "chunk", rotated_chunks), keys_are_by_hand, (FILE,)),
    "dino: not antialiased": Plant(
        with_options(vit_keys, "interpolate", antialias=False), vit_does_not_alias, (FILE,),
        frozenset({"dino_structure"}),
    ),
    "dino: products for cosines": Plant(
        replaced(dino_structure, "self_similarity", lambda _: lambda keys: keys @ keys.transpose(1, 2)),
        test_dino_structure.test_it_is_its_formula_token_by_token,
    ),
    # clips
    "flicker: of lengths of changes": Plant(
        replaced(
            flicker.Flicker, "_step",
            lambda f: lambda self, a, b: f(self, a, b) * torch.tensor([0.0, 1, 1])
            + (f(self, a, b)[1] - f(self, a, b)[2]).abs() * torch.tensor([1.0, 0, 0]),
        ),
        test_clip_metrics.test_flicker_is_its_formula, (CLIP,), frozenset({"flicker"}),
    ),
    "clips: nothing between batches": Plant(
        replaced(per_step.PerStep, "update", without_batches_between),
        test_clip_metrics.test_steps_between_batches_count_and_those_between_clips_do_not, (flicker.Flicker, CLIP),
    ),
    "warping: rows for columns": Plant(
        replaced(warping_error, "optical_flow", lambda f: lambda a, b: f(a, b).flip(1)),
        test_clip_metrics.test_a_pan_that_is_stylised_consistently_has_no_error, (CLIP,), frozenset({"warping_error"}),
    ),
    "warping: there for back": Plant(
        replaced(warping_error, "optical_flow", lambda f: lambda a, b: f(b, a)),
        test_clip_metrics.test_a_pan_that_is_stylised_consistently_has_no_error, (CLIP,),
    ),
    "warping: what left the picture is visible": Plant(
        replaced(warping_error, "warp", lambda f: lambda x, flow: (f(x, flow)[0], torch.ones_like(f(x, flow)[1]))),
        test_clip_metrics.test_visible_is_where_there_and_back_leads_home_inside_the_picture_and_motion_is_smooth,
    ),
    # intervals
    "interval: of 80 %": Plant(
        replaced(bootstrap, "_LEVEL", lambda _: 0.8),
        test_bootstrap.test_the_interval_of_a_mean_is_two_standard_errors_to_either_side,
    ),
    "interval: of FID, N for N − 1": Plant(
        replaced(fid, "frechet_distance_of_sets", lambda f: lambda a, b: f(a.repeat(2, 1), b.repeat(2, 1))),
        test_fid.test_counts_are_repetitions_of_rows, (6,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTS)
def test_it_is_caught(name: str, tmp_path: Path) -> None:
    plant = PLANTS[name]
    with pytest.MonkeyPatch.context() as patch:
        given = {id(FILE): str(tmp_path / "weights.pth"), id(CLIP): test_clip_metrics.panned(), id(PATCH): patch}
        arguments = [given.get(id(argument), argument) for argument in plant.arguments]
        plant.caught_by(*arguments)  # passes as it is
        plant.bug(patch)
        with pytest.raises(AssertionError):
            plant.caught_by(*arguments)


def test_every_metric_had_a_bug() -> None:
    assert set().union(*(plant.of for plant in PLANTS.values())) == ALL
