"""New names of moved classes and removed options, because older files use the old names."""

from typing import Any

RENAMED: dict[str, str] = {
    "stylegan_pl.callbacks.config_keeper": "stylegan_pl.training.build",
    "stylegan_pl.callbacks.heartbeat": "stylegan_pl.distributed.heartbeat",
    "stylegan_pl.callbacks.pruning": "stylegan_pl.sweeps.pruning",
    "stylegan_pl.callbacks.rank_state": "stylegan_pl.distributed.rank_pools",
    "stylegan_pl.callbacks.requeue": "stylegan_pl.distributed.requeue",
    "stylegan_pl.callbacks.time_told.TimeTold": "stylegan_pl.callbacks.time_estimate.TimeEstimate",
    "stylegan_pl.data.brushstrokes": "stylegan_pl.data.sources.brushstrokes",
    "stylegan_pl.data.built_once": "stylegan_pl.data.sources.built_once",
    "stylegan_pl.data.crop": "stylegan_pl.data.reading.crop",
    "stylegan_pl.data.decode": "stylegan_pl.data.reading.decode",
    "stylegan_pl.data.download": "stylegan_pl.data.sources.download",
    "stylegan_pl.data.extract": "stylegan_pl.data.sources.extract",
    "stylegan_pl.data.palette": "stylegan_pl.data.sources.palette",
    "stylegan_pl.data.photographs": "stylegan_pl.data.sources.photographs",
    "stylegan_pl.data.rendered": "stylegan_pl.data.sources.renderers.source",
    "stylegan_pl.data.renderers": "stylegan_pl.data.sources.renderers",
    "stylegan_pl.data.resample": "stylegan_pl.data.reading.resample",
    "stylegan_pl.data.sample": "stylegan_pl.data.sources.sample",
    "stylegan_pl.data.scenes": "stylegan_pl.data.sources.scenes",
    "stylegan_pl.data.stroke_width": "stylegan_pl.preparing.stroke_width",
    "stylegan_pl.data.transfer": "stylegan_pl.data.sources.transfer",
    "stylegan_pl.data.write_shards": "stylegan_pl.preparing.write_shards",
    "stylegan_pl.losses.bce": "stylegan_pl.losses.adversarial",
    "stylegan_pl.losses.hinge": "stylegan_pl.losses.adversarial",
    "stylegan_pl.losses.identity": "stylegan_pl.losses.pixel",
    "stylegan_pl.losses.least_squares": "stylegan_pl.losses.adversarial",
    "stylegan_pl.losses.multi_scale_pixel": "stylegan_pl.losses.pixel",
    "stylegan_pl.losses.penalty": "stylegan_pl.losses.penalties",
    "stylegan_pl.losses.r1": "stylegan_pl.losses.penalties",
    "stylegan_pl.losses.r1r2": "stylegan_pl.losses.penalties",
    "stylegan_pl.losses.relative": "stylegan_pl.losses.relative_style",
    "stylegan_pl.losses.relative.RelativeContentLoss": "stylegan_pl.losses.content.RelativeContentLoss",
    "stylegan_pl.losses.relativistic": "stylegan_pl.losses.adversarial",
    "stylegan_pl.losses.slope": "stylegan_pl.losses.penalties",
    "stylegan_pl.losses.total_variation": "stylegan_pl.losses.pixel",
    "stylegan_pl.losses.wasserstein": "stylegan_pl.losses.adversarial",
    "stylegan_pl.losses.wgan_gp": "stylegan_pl.losses.penalties",
    "stylegan_pl.losses.zero_centred": "stylegan_pl.losses.penalties",
    "stylegan_pl.nn.activation_memory": "stylegan_pl.inference.tiling.activation_memory",
    "stylegan_pl.nn.ada": "stylegan_pl.nn.augment.ada",
    "stylegan_pl.nn.adain": "stylegan_pl.nn.layers.adain",
    "stylegan_pl.nn.backbone": "stylegan_pl.nn.pretrained.backbone",
    "stylegan_pl.nn.blocks": "stylegan_pl.nn.layers.blocks",
    "stylegan_pl.nn.blur": "stylegan_pl.nn.layers.blur",
    "stylegan_pl.nn.conv_encoder": "stylegan_pl.nn.layers.conv_encoder",
    "stylegan_pl.nn.decoders": "stylegan_pl.nn.layers.decoders",
    "stylegan_pl.nn.diff_augment": "stylegan_pl.nn.augment.diff_augment",
    "stylegan_pl.nn.diff_policies": "stylegan_pl.nn.augment.diff_policies",
    "stylegan_pl.nn.discriminator": "stylegan_pl.nn.layers.discriminator",
    "stylegan_pl.nn.downsample": "stylegan_pl.nn.layers.downsample",
    "stylegan_pl.nn.ema": "stylegan_pl.nn.training.ema",
    "stylegan_pl.nn.encoder": "stylegan_pl.nn.layers.encoder",
    "stylegan_pl.nn.equivalents": "stylegan_pl.nn.fast.equivalents",
    "stylegan_pl.nn.feature_mixing": "stylegan_pl.nn.pretrained.feature_mixing",
    "stylegan_pl.nn.features": "stylegan_pl.nn.layers.features",
    "stylegan_pl.nn.fingerprint": "stylegan_pl.nn.pretrained.fingerprint",
    "stylegan_pl.nn.flow_warp": "stylegan_pl.nn.layers.flow_warp",
    "stylegan_pl.nn.frozen": "stylegan_pl.nn.pretrained.frozen",
    "stylegan_pl.nn.generator": "stylegan_pl.nn.layers.generator",
    "stylegan_pl.nn.image_pool": "stylegan_pl.nn.training.image_pool",
    "stylegan_pl.nn.imagenet": "stylegan_pl.nn.pretrained.imagenet",
    "stylegan_pl.nn.inception_2015": "stylegan_pl.nn.pretrained.inception_2015",
    "stylegan_pl.nn.init": "stylegan_pl.nn.layers.init",
    "stylegan_pl.nn.instance_norm": "stylegan_pl.nn.fast.instance_norm",
    "stylegan_pl.nn.lab": "stylegan_pl.nn.layers.lab",
    "stylegan_pl.nn.patch_projector": "stylegan_pl.nn.layers.patch_projector",
    "stylegan_pl.nn.perceptual_distance": "stylegan_pl.nn.pretrained.perceptual_distance",
    "stylegan_pl.nn.picture_statistics": "stylegan_pl.inference.tiling.picture_statistics",
    "stylegan_pl.nn.pretrained_backbones": "stylegan_pl.nn.pretrained.pretrained_backbones",
    "stylegan_pl.nn.probes": "stylegan_pl.nn.training.probes",
    "stylegan_pl.nn.random_conv": "stylegan_pl.nn.pretrained.random_conv",
    "stylegan_pl.nn.random_filters": "stylegan_pl.nn.pretrained.random_filters",
    "stylegan_pl.nn.replicate": "stylegan_pl.nn.layers.replicate",
    "stylegan_pl.nn.shapes": "stylegan_pl.nn.pretrained.shapes",
    "stylegan_pl.nn.spectral_norm": "stylegan_pl.nn.layers.spectral_norm",
    "stylegan_pl.nn.subpixel": "stylegan_pl.nn.fast.subpixel",
    "stylegan_pl.nn.taps": "stylegan_pl.nn.layers.taps",
    "stylegan_pl.nn.teacher": "stylegan_pl.nn.training.teacher",
    "stylegan_pl.nn.tensor_files": "stylegan_pl.nn.pretrained.tensor_files",
    "stylegan_pl.nn.upsample": "stylegan_pl.nn.layers.upsample",
    "stylegan_pl.nn.vgg": "stylegan_pl.nn.pretrained.vgg",
    "stylegan_pl.nn.vgg_encoder": "stylegan_pl.nn.pretrained.vgg_encoder",
    "stylegan_pl.nn.vgg_or_random": "stylegan_pl.nn.pretrained.vgg_or_random",
    "stylegan_pl.nn.vit_keys": "stylegan_pl.nn.pretrained.vit_keys",
    "stylegan_pl.nn.weights": "stylegan_pl.nn.pretrained.weights",
    "stylegan_pl.nn.winograd": "stylegan_pl.nn.fast.winograd",
    "stylegan_pl.training.config_keeper": "stylegan_pl.training.build",
    "stylegan_pl.distributed.TwoPlayerDDP": "stylegan_pl.distributed.strategy.TwoPlayerDDP",
}
"""Old dotted path -> new; a module's path covers everything in it. A path that moved twice has two lines."""

REMOVED: dict[str, dict[str, str]] = {
    "stylegan_pl.data.datamodule.StyleTransferData": {
        "reuse_memory": "workers hand batches over as the DataLoader does",
    },
    "stylegan_pl.models.mechanics.Mechanics": {
        "cuda_graphs": "compiled networks run without CUDA graphs",
    },
}
"""Class by today's name -> its removed options, and what replaces them; files are read without them."""


def removed(target: Any, key: str) -> str | None:
    """What replaces a removed option of a class; None if the class never had it."""
    return REMOVED.get(new_name(target), {}).get(key) if isinstance(target, str) else None


def new_name(target: str) -> str:
    """A dotted path with today's names."""
    for _ in range(len(RENAMED) + 1):  # bounded, in case the lines form a circle
        parts = target.split(".")
        for end in range(len(parts), 0, -1):  # the longest known path
            if (found := RENAMED.get(".".join(parts[:end]))) is not None:
                target = ".".join([found, *parts[end:]])
                break
        else:
            return target
    return target


def with_new_names(config: Any) -> Any:
    """A copy of plain data from a file, with today's `_target_`s and without removed options."""
    if isinstance(config, dict):
        target = config.get("_target_")
        return {
            key: new_name(value) if key == "_target_" and isinstance(value, str) else with_new_names(value)
            for key, value in config.items()
            if removed(target, str(key)) is None
        }
    return [with_new_names(child) for child in config] if isinstance(config, list | tuple) else config
