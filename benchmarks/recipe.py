"""The recipe that paints, what it is without each of its parts, and what it is compared with: rows of a leaderboard."""

RECIPE = ["+experiment=coco_vangogh"]
"""The flagship's; `recipe=` of the command line puts another in its place, with spaces between words."""

WITHOUT: dict[str, list[str]] = {
    "residual": ["model.generator.residual=false"],
    "scale": ["data.content.load_size=null", "data.style.load_size=null"],
    "relative": ["image_loss=[style,content,total_variation]"],
    "shared_features": ["model.feature_heads=null", "model.adversarial_weight=1"],
    "negatives": ["model.game.photographs_as_fakes=false"],
}
"""Part -> the one switch that takes it out."""


def recipe_and_kin(recipe: list[str], weights: str) -> dict[str, list[str]]:
    """Row -> what is typed: the recipe, its ablations, and published methods with their papers' settings.

    Args:
        weights: of VGG-16, a file.
    """
    network = ["feature_network=vgg16", f"feature_network.weights_path={weights}"]
    encoder = ["model.generator.encoder.architecture=vgg16", f"model.generator.encoder.weights_path={weights}"]
    return {
        "recipe": [*recipe, *network],
        **{f"without_{part}": [*recipe, *network, *switch] for part, switch in WITHOUT.items()},
        "perceptual": ["model=perceptual", *network],
        "cut": ["+experiment=paper_cut"],
        "cyclegan": ["+experiment=paper_cyclegan"],
        "adain": ["+experiment=paper_adain", *network, *encoder],
    }


PIXELS = "pixels"
"""The row of pictures whose pixels are optimised directly: what the recipe's losses can do at best."""
