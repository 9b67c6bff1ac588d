"""The names of our options in CycleGAN, pix2pix, CUT and Lightning; docs/migrating.md shows the table."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Near(NamedTuple):
    """One row: the names in other programs, and what is typed here."""

    names: str  # separated by spaces
    ours: str  # what to type; empty: there is no such option here
    note: str = ""
    verb: str = "train"


CYCLEGAN = "CycleGAN, pix2pix and CUT"
LIGHTNING = "Lightning and other trainers"
PAINTING = "test.py, predict and other painters"

NEAR: dict[str, tuple[Near, ...]] = {
    CYCLEGAN: (
        Near("dataroot", "data_root=FOLDER",
             "the folder holds content/ and style/; or data.content.root=A data.style.root=B"),
        Near("trainA content photos", "data.content.root=FOLDER", "photographs"),
        Near("trainB style paintings", "data.style.root=FOLDER", "paintings"),
        Near("dataset_mode", "data=folders",
             "for unaligned; for aligned data=side_by_side, for single data=single_pair"),
        Near("max_dataset_size", "'data.content.include=[a*.jpg]'",
             "file patterns; max_images sets the length of a run"),
        Near("serial_batches", "", "seed= sets the order; it is the same with any number of workers"),
        Near("load_size loadSize", "data.content.load_size=286 data.style.load_size=286", "pixels of the shorter side"),
        Near("crop_size fineSize", "image_size=256", "pixels; [256,384]: height and width"),
        Near("preprocess", "data.content.load_size=286 image_size=256",
             "for resize_and_crop; for crop: load_size=null"),
        Near("no_flip", "augment=none"),
        Near("name", "run_name=NAME"),
        Near("checkpoints_dir", "hydra.run.dir=FOLDER"),
        Near("suffix", "run_name=NAME"),
        Near("gpu_ids", "trainer=gpu trainer.devices=[0]",
             "for -1 trainer=cpu; for two trainer=ddp trainer.devices=[0,1]"),
        Near("input_nc output_nc", "", "pictures always have 3 channels, RGB"),
        Near("netG", "generator@model.generator=resnet9", "or resnet6, unet256, unet128"),
        Near("netD", "discriminator@model.discriminator=patchgan70", "for basic; or pixel, patchgan16, patchgan142"),
        Near("n_layers_D", "discriminator@model.discriminator=patchgan70", "for 3; for 1 patchgan16, for 2 patchgan34"),
        Near("ngf", "model.generator.width=64"),
        Near("ndf", "model.discriminator.width=64"),
        Near("norm", "", "networks here use instance norm"),
        Near("no_dropout", "generator@model.generator=unet256 model.generator.dropout=0",
             "only the U-Nets have dropout"),
        Near("init_type", "init@model.generator.init=normal", "or xavier, he"),
        Near("init_gain", "model.generator.init.std=0.02"),
        Near("direction", "direction=BtoA"),
        Near("batchSize", "batch_size=4", "per device"),
        Near("num_threads nThreads", "data.workers=4", "processes that load pictures, per device"),
        Near("n_epochs niter", "scheduler=linear_decay_by_epoch scheduler.constant_epochs=100 max_epochs=200",
             "max_epochs is the sum of both"),
        Near("n_epochs_decay niter_decay", "scheduler=linear_decay_by_epoch scheduler.decay_epochs=100 max_epochs=200",
             "max_epochs is the sum of both"),
        Near("lr_policy", "scheduler=linear_decay_by_epoch", "for linear; or constant, cosine, inverse_time"),
        Near("lr_decay_iters", "scheduler=linear_decay", "counts images"),
        Near("beta1", "model.generator_optimizer.betas=[0.5,0.999] model.discriminator_optimizer.betas=[0.5,0.999]"),
        Near("gan_mode", "adversarial=least_squares",
             "for lsgan; for vanilla bce, for wgangp wasserstein with penalty=wgan_gp"),
        Near("pool_size", "model.game.pool_size=50"),
        Near("lambda_A lambda_B", "model=cyclegan model.cycle_weight=10", "one weight for both cycles"),
        Near("lambda_identity lambda_idt", "model=cyclegan model.identity_weight=0.5", "is multiplied by cycle_weight"),
        Near("lambda_L1", "model=pix2pix model.l1_weight=100"),
        Near("lambda_GAN", "model.adversarial_weight=1"),
        Near("CUT_mode", "model=cut", "for FastCUT model=fastcut"),
        Near("lambda_NCE", "model=cut image_loss.patch_nce.weight=1"),
        Near("nce_idt", "model=cut image_loss.patch_nce.identity=true"),
        Near("nce_layers", "'model=cut' 'image_loss.patch_nce.layers=null'",
             "null: all layers that the generator offers"),
        Near("nce_T", "model=cut image_loss.patch_nce.temperature=0.07"),
        Near("num_patches", "model=cut image_loss.patch_nce.patches=256"),
        Near("netF netF_nc", "model=cut image_loss.patch_nce.width=256", "channels of the projector"),
        Near("flip_equivariance", "model=fastcut"),
        Near("continue_train", "resume=auto hydra.run.dir=RUN", "continues in that folder from its newest checkpoint"),
        Near("epoch_count load_iter", "ckpt_path=RUN_OR_FILE",
             "continues at the image that the checkpoint had reached"),
        Near("epoch", "max_epochs=200", "to load a run: ckpt_path=RUN_OR_FILE"),
        Near("phase isTrain", "", "each phase is a verb: `train` trains, `stylize` paints, `evaluate` scores"),
        Near("print_freq", "log_every_batches=10"),
        Near("display_freq update_html_freq", "val_every_images=5000", "each validation writes a grid into samples/"),
        Near("save_latest_freq save_epoch_freq save_by_iter", "callbacks.checkpoints.keep_every_images=50000",
             "each validation writes last.ckpt and best.ckpt"),
        Near("display_id display_port display_server display_env display_ncols display_winsize no_html", "logger=wandb",
             "grids are always in samples/ in the run's folder"),
        Near("use_wandb wandb_project_name", "logger=wandb logger.wandb.project=NAME"),
        Near("results_dir", "hydra.run.dir=FOLDER", "for paintings the verb `stylize` has output=FOLDER"),
        Near("num_test", "data.val_pairs=64", "is for validation; to paint, the verb `stylize` takes input=FOLDER"),
        Near("verbose", "debug=true", "shows a traceback with every error"),
    ),
    LIGHTNING: (
        Near("lr learning_rate", "model.generator_optimizer.lr=2e-4 model.discriminator_optimizer.lr=2e-4",
             "generator and discriminator have one each"),
        Near("max_steps max_iter iterations num_steps total_steps", "max_images=100000",
             "length is counted in images; a step is batch_size images"),
        Near("epochs num_epochs", "max_epochs=200"),
        Near("min_epochs min_steps", "", "a run has no minimum; it ends at max_images or max_epochs"),
        Near("fast_dev_run", "+debug=smoke"),
        Near("overfit_batches", "data=single_pair data.content.root=A.jpg data.style.root=B.jpg augment=none"),
        Near("limit_train_batches", "max_images=1000"),
        Near("profiler", "trainer.profiler=simple", "or advanced, pytorch; writes a file into the run's folder"),
        Near("auto_lr_find lr_find lr_finder", "", "try several: train -m model.generator_optimizer.lr=1e-4,2e-4"),
        Near("auto_scale_batch_size", "batch_size=4", "when memory runs out, the error says which batch size fits"),
        Near("accumulate_grad_batches", "model.mechanics.accumulate_batches=2"),
        Near("gradient_clip_val clip_grad_norm",
             "model.mechanics.generator_clip_norm=1.0 model.mechanics.discriminator_clip_norm=1.0"),
        Near("accelerator", "device=gpu", "or auto, cpu, mps"),
        Near("devices gpus", "trainer.devices=2"),
        Near("num_nodes", "trainer.num_nodes=2"),
        Near("strategy", "trainer=ddp", "uses every GPU of the machine"),
        Near("num_workers workers", "data.workers=4", "processes that load pictures, per device"),
        Near("train_batch_size batch bs", "batch_size=4", "per device"),
        Near("log_every_n_steps", "log_every_batches=10"),
        Near("check_val_every_n_epoch val_check_interval val_every_n_epochs", "val_every_images=10000"),
        Near("limit_val_batches", "data.val_pairs=64"),
        Near("resume_from_checkpoint ckpt checkpoint pretrained", "ckpt_path=RUN_OR_FILE"),
        Near("default_root_dir output output_dir save_dir logdir", "hydra.run.dir=FOLDER"),
        Near("amp fp16 bf16 mixed_precision", "precision=bf16", "or fp16; auto: bf16 if the GPU supports it"),
        Near("resolution img_size imsize", "image_size=256"),
        Near("style_weight sty_weight", "image_loss.style.weight=0.01"),
        Near("content_weight con_weight", "image_loss.content.weight=0.05"),
        Near("tv_weight", "image_loss=[style,content,total_variation] image_loss.total_variation.weight=1"),
        Near("ema ema_decay", "model.mechanics.ema_half_life_images=10000", "null: no average"),
        Near("seed_everything manual_seed", "seed=0"),
        Near("config_json config_file config", "",
             "recipes are YAML files in FOLDER/experiment/; see docs/extending.md"),
        Near("dataset", "data=folders data_root=FOLDER", "the folder holds content/ and style/"),
        Near("init_epoch", "start_from=RUN_OR_FILE",
             "there are no epochs before the game; this loads weights to begin with"),
    ),
    PAINTING: (
        Near("dataroot source content image images content_image input_dir test_dir img_in video",
             "input=PHOTO_OR_FOLDER", verb="stylize"),
        Near("results_dir output_dir out save_dir img_out output_path", "output=FOLDER", verb="stylize"),
        Near("name checkpoint checkpoints_dir checkpoint_dir model_path model_in_file weights epoch",
             "ckpt=RUN_OR_FILE", verb="stylize"),
        Near("num_test", "input=FOLDER", "paints every file; for some of them 'input=FOLDER/a*.jpg'", verb="stylize"),
        Near("no_dropout eval", "", "painting never uses dropout", verb="stylize"),
        Near("phase isTrain", "", "each phase is a verb, and `stylize` paints: leave it out", verb="stylize"),
        Near("model", "", "a checkpoint knows its method: leave it out", verb="stylize"),
        Near("gpu_ids gpu accelerator", "device=gpu", "for -1 device=cpu", verb="stylize"),
        Near("alpha", "strength=0.8", verb="stylize"),
        Near("preserve_color preserve_colour keep_color", "keep_colour=true", verb="stylize"),
        Near("style_image styles style_path", "style=PAINTING", verb="stylize"),
        Near("lr n_epochs max_epochs", "", "nothing is trained here: the verb is `train`", verb="stylize"),
        Near("load_size crop_size resize preprocess image_size size", "", "a painting is as large as its photograph; "
             "for broader strokes type stroke=1.5", verb="stylize"),
        Near("stroke_size brush_size strokes", "stroke=1.5", "0.5 to 2", verb="stylize"),
        Near("batchSize bs", "batch_size=4", verb="stylize"),
        Near("i in", "input=PHOTO_OR_FOLDER", verb="stylize"),
        Near("o", "output=FOLDER", verb="stylize"),
        Near("y", "overwrite=true", verb="stylize"),
        Near("q qscale", "quality=95", "for a film film.crf=18", verb="stylize"),
        Near("r framerate", "film.fps=25", "for a folder of frames; a film keeps its own rate", verb="stylize"),
        Near("vcodec", "film.codec=libx264", verb="stylize"),
        Near("preset", "'film.options={preset: slow}'", verb="stylize"),
        Near("seed", "", "painting uses no random numbers", verb="stylize"),
        Near("half fp16", "precision=fp16", verb="stylize"),
        Near("num_test", "pairs=500", verb="evaluate"),
        Near("dataroot", "data_root=FOLDER", "for other data data=folders data_root=FOLDER", verb="evaluate"),
        Near("results_dir output_dir out", "output=FOLDER", verb="evaluate"),
        Near("name checkpoint checkpoints_dir model_path epoch", "ckpt=RUN_OR_FILE", verb="evaluate"),
        Near("real real_path real_dir reference path1", "data.style.root=PAINTINGS",
             "with data=folders data.content.root=PHOTOS", verb="evaluate"),
        Near("fake fake_path fake_dir generated pred path2", "compare=[FOLDER]",
             "a folder of painted pictures, named after their photographs", verb="evaluate"),
        Near("phase", "split=val", "or train, all", verb="evaluate"),
        Near("gpu_ids gpu accelerator", "device=gpu", verb="evaluate"),
        Near("out output_path save_path file filename", "output=picture.onnx", verb="export"),
        Near("name checkpoint checkpoints_dir model model_path model_in_file weights epoch", "ckpt=RUN_OR_FILE",
             verb="export"),
        Near("fp16", "half=true", verb="export"),
        Near("quantize quantise", "int8=true calibration=PHOTOS", verb="export"),
        Near("opset_version", "opset=18", verb="export"),
        Near("input_shape dynamic_axes dynamic image_size img_size", "", "the file takes pictures of any size",
             verb="export"),
        Near("server_port", "port=7860", verb="app"),
        Near("server_name", "host=0.0.0.0", "opens the page to the network; read docs/app.md first", verb="app"),
        Near("share", "", "the page is never published; for your own network host=0.0.0.0, docs/app.md", verb="app"),
        Near("model checkpoint", "ckpt=RUN_OR_FILE", verb="app"),
        Near("iterations num_steps max_steps epochs", "steps=100", "or minutes=2", verb="preview"),
        Near("style style_image", "data.style.root=FOLDER",
             "for one painting +experiment=one_painting", verb="preview"),
        Near("painter ckpt", "",
             "preview optimises pixels, without a painter; to use one, type the verb `stylize`", verb="preview"),
        Near("doctor examine", "check=true data.content.root=PHOTOS data.style.root=PAINTINGS", verb="prepare"),
        Near("name download", "dataset=coco_vangogh", verb="prepare"),
        Near("dataroot data_dir", "root=FOLDER", "where data sets are put; to check one: check=true data_root=FOLDER",
             verb="prepare"),
    ),
}  # fmt: skip
"""Where a name comes from -> its rows."""

VALUES: dict[str, dict[str, str]] = {
    "model": {
        "cycle_gan": "model=cyclegan",
        "test": "the verb `stylize`: ckpt=RUN input=PHOTO output=PAINTING",
        "colorization": "model=pix2pix data=paired, with grey photographs as content",
        "gan": "model=vanilla",
        "johnson": "model=perceptual",
        "animegan": "+experiment=photo_cartoon",
        "animeganv2": "+experiment=photo_cartoon",
    },
    "gpu_ids": {
        "-1": "trainer=cpu",
        "0": "trainer=gpu",
        "0,1": "trainer=ddp trainer.devices=[0,1]",
    },
    "trainer": {
        "cuda": "trainer=gpu",
        "single_gpu": "trainer=gpu",
        "multi_gpu": "trainer=ddp",
    },
    "precision": {
        "16": "precision=fp16",
        "16-mixed": "precision=fp16",
        "half": "precision=fp16",
        "float16": "precision=fp16",
        "bf16-mixed": "precision=bf16",
        "bfloat16": "precision=bf16",
        "32": "precision=fp32",
        "32-true": "precision=fp32",
        "float32": "precision=fp32",
        "full": "precision=fp32",
    },
    "cut_mode": {
        "cut": "model=cut",
        "fastcut": "model=fastcut",
    },
    "preprocess": {
        "crop": "data.content.load_size=null data.style.load_size=null",
        "none": "data.content.load_size=null data.style.load_size=null",
        "scale_width": "data.content.load_size=286 data.style.load_size=286",
        "scale_width_and_crop": "data.content.load_size=286 data.style.load_size=286",
    },
    "metric": {
        "fid": "metric=[fid_clean]",
        "swd": "metric=[sliced_wasserstein]",
    },
    "data": {
        "unaligned": "data=folders",
        "aligned": "data=side_by_side data_root=FOLDER",
        "single": "data=single_pair",
        "maps": "data=side_by_side data_root=FOLDER",
    },
    "adversarial": {
        "lsgan": "adversarial=least_squares",
        "vanilla": "adversarial=bce",
        "wgangp": "adversarial=wasserstein penalty=wgan_gp",
    },
    "generator": {
        "resnet_9blocks": "generator@model.generator=resnet9",
        "resnet_6blocks": "generator@model.generator=resnet6",
        "unet_256": "generator@model.generator=unet256",
        "unet_128": "generator@model.generator=unet128",
        "mobile_resnet_9blocks": "generator@model.generator=mobile",
    },
    "discriminator": {
        "basic": "discriminator@model.discriminator=patchgan70",
        "n_layers": "discriminator@model.discriminator=patchgan142",
    },
}
"""Group -> name of an option in other programs -> what is typed here."""


_VERBS = {
    "train": "fit training train.py",
    "stylize": "test predict infer inference generate paint transfer translate convert test.py stylise",
    "evaluate": "eval validate score metrics fid",
    "app": "gui web webui demo gradio serve",
}
"""Verb -> its names in other programs."""


def verb_here(word: str) -> str | None:
    """The verb that does what other programs call `test` or `predict`; None if the word is not known."""
    return next((verb for verb, theirs in _VERBS.items() if word.lower() in theirs.split()), None)


SAME_VALUES = {
    "netg": "generator",
    "netd": "discriminator",
    "gan_mode": "adversarial",
    "dataset_mode": "data",
    "accelerator": "trainer",
    "amp": "precision",
}
"""Option of another program, in lower case -> group or key of ours whose values it takes; the rest is in `VALUES`."""

_JOLIGEN = re.compile(r"^(g|d|alg_gan|alg_cut|alg|data|train|output|model)_(?=.)")
"""joliGEN's prefixes of CycleGAN's and CUT's names: `G_netG`, `data_crop_size`, `train_G_lr`."""


def ours(key: str, verb: str) -> str | None:
    """`type KEY=VALUE (a note)`, for another program's option; None if the table does not have it."""
    word = key.lstrip("-+").replace("-", "_").lower()
    for row in _rows(verb):
        if word in row.names.lower().split():
            told = f"type {row.ours}" if row.ours else row.note
            return f"{told} ({row.note})" if row.ours and row.note else told
    without = _JOLIGEN.sub("", word) if verb == "train" else word
    return None if without == word else ours(without, verb)


def ours_of_value(key: str, value: str, verb: str = "train") -> str | None:
    """What to type for another program's value, such as model=cycle_gan or netG=unet_256; None if not known."""
    key = key.lower()
    if verb not in ("train", "preview") and key not in ("precision", "metric", "data"):
        return None  # parts of a training
    return VALUES.get(SAME_VALUES.get(key, key), {}).get(value.lower())


def _rows(verb: str) -> Iterator[Near]:
    for named in [verb, "train"] if verb == "preview" else [verb]:  # a preview takes a training's options, too
        for rows in NEAR.values():
            yield from (row for row in rows if row.verb == named)


def as_markdown() -> str:
    """The tables of docs/migrating.md."""
    parts = []
    for origin, rows in NEAR.items():
        lines = [f"### {origin}\n", "| there | here | |", "|---|---|---|"]
        for row in rows:
            there = " ".join(f"`{name}`" for name in row.names.split())
            verb = "" if row.verb == "train" else f"{row.verb}: "
            lines.append(f"| {there} | {f'{verb}`{row.ours}`' if row.ours else verb.strip()} | {row.note} |")
        parts.append("\n".join(lines))
    lines = ["### Values\n", "| there | here |", "|---|---|"]
    lines += [f"| `{group}={there}` | {here} |" for group, values in VALUES.items() for there, here in values.items()]
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


if __name__ == "__main__":  # for docs/migrating.md
    print(as_markdown(), end="")
