"""The recipe that paints, what it is without each of its parts, and what it is compared with: rows of a leaderboard."""

RECIPE = ["+experiment=my_painter"]
"""One's own painter; `recipe=` of the command line puts another in its place, with spaces between words."""

_JOHNSON = ["start_from=null", "generator@model.generator=johnson", "model.generator.width=16"]  # as large, no brush

WITHOUT: dict[str, list[str]] = {
    "start": ["start_from=null"],
    "brush": _JOHNSON,
    "residual": [*_JOHNSON, "model.generator.residual=false"],
    "scale": ["data.content.load_size=null", "data.style.load_size=null"],
    "relative": [
        "image_loss=[style,relative_style,strokes,structure,relative_content,total_variation]",
        "image_loss.relative_style.weight=0",
    ],
    "palette": ["image_loss.relative_palette.weight=0"],
    "strokes": ["image_loss.strokes.weight=0"],
    "game": ["model.adversarial_share=null", "model.adversarial_weight=0"],
    "negatives": ["model.game.photographs_as_fakes=false"],
}
"""Part -> the switch that takes it out."""


def recipe_and_kin(recipe: list[str], weights: str) -> dict[str, list[str]]:
    """Row -> what is typed: the recipe, its variants, and published methods with their papers' settings.

    Args:
        weights: of VGG-16, a file.
    """
    network = ["feature_network=vgg16", f"feature_network.weights_path={weights}"]
    encoder = ["model.generator.encoder.architecture=vgg16", f"model.generator.encoder.weights_path={weights}"]
    return {
        "recipe": recipe,
        **{f"without_{part}": [*recipe, *switch] for part, switch in WITHOUT.items()},
        "through_random_filters": [*recipe, "feature_network=random_filters"],
        "through_vgg16": [*recipe, *network],
        "with_shared_features": [*recipe, "+feature_heads@model.feature_heads=patches"],
        "perceptual": ["model=perceptual", "data=folders", *network],
        "cut": ["+experiment=paper_cut", "data=folders"],
        "cyclegan": ["+experiment=paper_cyclegan", "data=folders"],
        "adain": ["+experiment=paper_adain", "data=folders", *network, *encoder],
    }


PUBLISHED = ("perceptual", "cut", "cyclegan", "adain")
"""Rows with the networks of papers, of which an image takes many times as long: `published_seeds=1`."""

PIXELS = "pixels"
"""The row of pictures whose pixels are optimised directly: what the recipe's losses can do at best."""
