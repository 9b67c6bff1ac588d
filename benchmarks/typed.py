"""What a folder was made with, kept beside it: a repeated command goes on with that, and with nothing else."""

import json
import sys
from pathlib import Path


def keep_words(words: list[str], folder: Path) -> None:
    """Write the words to `FOLDER.typed.json`; the order in which they are typed does not matter.

    A folder without that file was made before words were kept, and is taken as it is.

    Raises:
        SystemExit: the folder is there and was made with other words; which.
    """
    file = folder.with_name(f"{folder.name}.typed.json")
    if folder.is_dir() and file.is_file():
        then = json.loads(file.read_text())
        if set(then) != set(words):
            old, new = (
                " ".join(word for word in some if word not in others) or "–"
                for some, others in ((then, words), (words, then))
            )
            sys.exit(
                f"error: {folder} was made with other words (then: {old}; now: {new}); type another out=, or remove it"
            )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(words, indent=1) + "\n")
