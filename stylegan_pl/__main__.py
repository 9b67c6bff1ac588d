"""`python -m stylegan_pl` lists the verbs; `python -m stylegan_pl VERB …` and `stylegan-pl VERB …` run one."""

import sys

from hydra.utils import get_method

from stylegan_pl import __version__
from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.near_names import verb_here
from stylegan_pl.config.streams import tolerant_streams
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import nearest


def main() -> None:
    """Run the verb that the first word names."""
    with tolerant_streams():
        _run()


def _run() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else None
    if name in (None, "-h", "--help", "help"):
        print("Style-transfer GANs in PyTorch Lightning.\n")
        for verb, row in VERBS.items():
            print(f"  {verb:9} {row.does}\n      stylegan-pl {verb} {row.example}".rstrip())
        print("\nEach is also python -m stylegan_pl.VERB; add --help for its options.")
        sys.exit(0)
    if name == "--version":
        print(f"stylegan_pl {__version__}")
        sys.exit(0)
    if name not in VERBS:
        ours = verb_here(name)
        hint = nearest(name, VERBS) if ours is None else f"; that is '{ours}' here: {VERBS[ours].example}"
        print(f"error: no verb '{name}'{hint}", file=sys.stderr)
        sys.exit(2)
    if VERBS[name].schema is None:
        get_method(VERBS[name].function)(sys.argv[2:])
    else:
        run_verb(name, words=sys.argv[2:])


if __name__ == "__main__":
    main()
