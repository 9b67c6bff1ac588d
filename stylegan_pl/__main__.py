"""`python -m stylegan_pl` lists the verbs; `python -m stylegan_pl VERB …` and `stylegan-pl VERB …` run one."""

import importlib
import sys

from stylegan_pl.explain import nearest

VERBS = {
    "train": "train a GAN on photographs and paintings\n      stylegan-pl train +experiment=coco_vangogh",
    "stylize": "paint pictures with what was trained\n      stylegan-pl stylize ckpt=RUN input=photo.jpg output=.",
    "painters": "the trained painters that come along\n      stylegan-pl painters",
    "app": "paint on a page in the browser\n      stylegan-pl app ckpt=RUN",
    "evaluate": "score a run, or several side by side; a page\n      stylegan-pl evaluate ckpt=RUN",
    "export": "write a generator for other programs\n      stylegan-pl export ckpt=RUN output=picture.onnx",
    "prepare": "fetch a data set, or look through one (check=true)\n      stylegan-pl prepare dataset=coco_vangogh",
}


def main() -> None:
    """Dispatch on the first word."""
    verb = sys.argv[1] if len(sys.argv) > 1 else None
    if verb in (None, "-h", "--help", "help"):
        print("Style-transfer GANs in PyTorch Lightning.\n")
        for name, text in VERBS.items():
            print(f"  {name:9} {text}")
        print("\nEach is also python -m stylegan_pl.VERB; add --help for its options.")
        sys.exit(0)
    if verb not in VERBS:
        print(f"error: no verb '{verb}'{nearest(verb, VERBS)}", file=sys.stderr)
        sys.exit(2)
    del sys.argv[1]
    importlib.import_module(f"stylegan_pl.{verb}").main()


if __name__ == "__main__":
    main()
