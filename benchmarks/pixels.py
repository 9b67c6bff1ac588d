"""Every held-out photograph with its pixels optimised under a run's image losses: the ceiling of those losses.

    python -m benchmarks.pixels out=FOLDER [steps=100] [pairs=16] +experiment=… data.style.root=PAINTINGS …

Pictures lie in `out`, named after their photographs, so that `evaluate compare=[RUN,out]` judges them beside runs; one
that is there is not painted again, and other words than it was painted with are refused. Any other argument is an
override of the run.
"""

import sys
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from benchmarks.typed import keep_words, keyed, told_in_a_line
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.verbs import register
from stylegan_pl.pictures.tensors import tensor_to_image, to_float
from stylegan_pl.pictures.write import write_image
from stylegan_pl.training.build import build_data, build_model
from stylegan_pl.training.optimise_pixels import PixelPainting, leave_out_what_needs_a_generator


def composed(overrides: list[str], out: Path) -> DictConfig:
    """A preview's config, which is a training's, without a photograph."""
    register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("preview", overrides=["input=none", "output=none", f"run_dir={out}", *overrides])


def paint(config: DictConfig, out: Path, *, steps: int, pairs: int) -> list[Path]:
    """The pictures; see the module."""
    data = build_data(config)
    data.prepare()
    model = build_model(config)
    leave_out_what_needs_a_generator(model)
    root = data.content.base("val")
    painted = []
    for at in range(min(pairs, len(data.val_set))):
        photograph = data.val_set.contents[at]
        path = (out / photograph.relative_to(root)).with_suffix(".png")
        painted.append(path)
        if path.exists():
            continue
        torch.manual_seed(config.seed)
        painting = PixelPainting(model, data, to_float(data.val_set[at].content[None]), step_size=config.step_size)
        for _ in range(steps):
            painting.step()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(tensor_to_image(painting.picture()[0]), path)
        print(path, file=sys.stderr, flush=True)
    return painted


def main() -> None:
    """Paint; the folder on the last line."""
    words = keyed(sys.argv[1:], numbers=("steps", "pairs"), others=("out",), verb="preview")
    out = Path(words.pop("out", "outputs/pixels"))
    steps, pairs = int(words.pop("steps", "100")), int(words.pop("pairs", "16"))
    overrides = [f"{key}={value}" for key, value in words.items()]
    keep_words([*overrides, f"steps={steps}"], out)
    with told_in_a_line():
        paint(composed(overrides, out), out, steps=steps, pairs=pairs)
    print(out)


if __name__ == "__main__":
    main()
