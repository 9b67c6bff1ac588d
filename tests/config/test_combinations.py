"""Parts that are each right and do not go together fail before anything is built, in a sentence of what to type."""

import pytest
from conftest import compose_config

from stylegan_pl.config.check_parts import check_fit, check_roles
from stylegan_pl.errors import UserError

COMBINATIONS = [
    (
        ["model=pix2pix"],
        "Pix2Pix learns from pairs of one scene, and these data are unpaired; type data=paired data_root=FOLDER",
    ),
    (
        ["model=pix2pix", "data=sample_paired", "image_loss=[strokes]", "image_loss.strokes.among=0.3"],
        "image_loss.strokes.among puts other pictures in the place of photographs, and Pix2Pix learns from pairs; type "
        "image_loss.strokes.among=0",
    ),
    (
        ["model=adain_scratch", "image_loss=[style,content,strokes]"],
        "image_loss.strokes lets the generator restore paintings, and AdaINGenerator would do it in the style of "
        "others; leave strokes out of image_loss=",
    ),
    (
        ["generator@model.generator=adain"],
        "AdaINGenerator paints in the style of a second picture, and VanillaGAN gives it none; type model=adain, or "
        "generator@model.generator=resnet9",
    ),
    (
        ["model=cyclegan", "generator@model.generator=adain_scratch"],
        "AdaINGenerator paints in the style of a second picture, and CycleGAN gives it none",
    ),
    (
        ["model=adain", "generator@model.generator=resnet6"],
        "AdaINTransfer gives its generator a style, and ResNetGenerator takes none; type "
        "generator@model.generator=adain, or model=adain_scratch or vanilla",
    ),
    (
        ["generator@model.generator=unet256", "image_size=320"],
        "image_size=320: UNetGenerator needs sides that are multiples of 256; type image_size=256, or "
        "model.generator.levels=6, or generator@model.generator=resnet9",
    ),
    (
        ["generator@model.generator=unet128", "image_size=100"],
        "image_size=100: UNetGenerator needs sides that are multiples of 128; type image_size=128",
    ),
    (["image_size=70"], "image_size=70: ResNetGenerator needs sides that are multiples of 4; type image_size=72"),
    (
        ["discriminator@model.discriminator=patchgan142", "image_size=32"],
        "image_size=32 is too small for PatchGAN; type image_size=48 or more",
    ),
    (
        ["model=cyclegan", "penalty=wgan_gp"],
        "model.game.pool_size=50: WGANGP mixes each real with the fake of its own step, and a pool hands out old ones; "
        "type model.game.pool_size=0",
    ),
    (
        ["model=cut", "image_loss=[style]"],
        "CUT needs PatchNCE, and no image loss of this run is one; type image_loss=[patch_nce,…], or model=vanilla",
    ),
    (
        ["discriminator@model.discriminator=multiscale", "image_size=32"],
        "image_size=32 is too small for MultiScale; type image_size=96 or more",  # 93 would do for it alone
    ),
    (
        ["discriminator@model.discriminator=multiscale", "image_size=93"],
        "image_size=93: ResNetGenerator needs sides that are multiples of 4; type image_size=96",
    ),
    (
        ["model.discriminator.inputs=6"],
        "model.discriminator.inputs=6: VanillaGAN shows its discriminator 3 channels; type "
        "model.discriminator.inputs=3",
    ),
]


@pytest.mark.parametrize(
    ("typed", "sentence"), COMBINATIONS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_is_refused_in_a_sentence(typed, sentence, tmp_path):
    config = compose_config("train", [f"run_dir={tmp_path}", "feature_network=random_filters", *typed])
    with pytest.raises(Exception) as caught:
        check_roles(config)
        check_fit(config)
    error = caught.value if isinstance(caught.value, UserError) else caught.value.__cause__  # Hydra wraps constructors'
    assert isinstance(error, UserError) and error.exit_code == 2
    assert str(error).startswith(sentence)


def test_a_discriminator_from_elsewhere_that_cannot_take_two_pictures_is_refused(tmp_path):
    config = compose_config("train", [f"run_dir={tmp_path}", "model=pix2pix", "data=paired"])
    config.model.discriminator = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 4}
    with pytest.raises(
        UserError, match="Pix2Pix shows its discriminator two pictures side by side, 6 channels, and Conv2d"
    ):
        check_roles(config)


@pytest.mark.parametrize(
    "typed",
    [
        ["model=pix2pix", "data=sample_paired"],
        ["model=cyclegan", "data=paired"],  # knows nothing of the pairs, and may
        ["model=cyclegan", "penalty=wgan_gp", "model.game.pool_size=0"],
        ["model=cut", "image_loss.patch_nce.weight=0"],  # a weight of 0 is legal everywhere
        ["discriminator@model.discriminator=multiscale", "image_size=96"],
        ["generator@model.generator=unet256", "image_size=256"],
        ["model=adain", "discriminator@model.discriminator=several"],
    ],
    ids=" ".join,
)
def test_what_the_sentences_advise_is_accepted(typed, tmp_path):
    config = compose_config("train", [f"run_dir={tmp_path}", "feature_network=random_filters", *typed])
    check_roles(config)
    check_fit(config)
