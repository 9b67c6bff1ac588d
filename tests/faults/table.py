"""Faults injected into real runs, and what became of each: `python tests/faults/table.py` writes docs/reliability.md's.

A run of 40 images, saved every 8 and validated every 16, is struck at 22. It is then started again with resume=auto,
and its last weights are compared with those of an undisturbed run.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import torch  # noqa: E402
from conftest import SMALL  # noqa: E402
from images_on_disk import write_images  # noqa: E402
from preloaded import preloaded  # noqa: E402

from stylegan_pl.pictures.whole_file import unfinished  # noqa: E402
from stylegan_pl.runs.checkpoint import newest_good  # noqa: E402

PYTHONPATH = os.pathsep.join(sys.path[:2])
TYPED = [*SMALL, "data_root=sets", "data.workers=1", "max_images=40", "val_every_images=16", "deterministic=true"]
TYPED += ["callbacks.checkpoints.every_images=8"]
DOCUMENT = HERE.parents[1] / "docs/reliability.md"
BEGIN, END = "<!-- made by tests/faults/table.py -->\n", "<!-- end -->\n"


@dataclass(frozen=True)
class Fault:
    """What is done to a run.

    Args:
        name: in words.
        strike: of `faults.injections.Struck`, from within the run.
        afterwards: what is done to its folder before it is started again.
        exit_code: that it must end with; of a signal, minus its number.
        lost: images at most.
        said: words of the one line.
    """

    name: str
    strike: str
    exit_code: int
    lost: int
    said: str = ""
    afterwards: Callable[[Path], None] = lambda run_dir: None


@dataclass(frozen=True)
class Became:
    """Of a fault."""

    exit_code: int
    said: str
    lost: int
    resumed: bool
    same: bool


def damage(content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Write last.ckpt anew."""

    def written(run_dir: Path) -> None:
        path = run_dir / "checkpoints/last.ckpt"
        path.write_bytes(content(path.read_bytes()))

    return written


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def dangling(run_dir: Path) -> None:
    path = run_dir / "checkpoints/last.ckpt"
    path.unlink()
    path.symlink_to("nowhere.ckpt")


def empty_status(run_dir: Path) -> None:
    (run_dir / "status.json").write_text("")


def copied(run_dir: Path) -> None:
    """`cp -r` on a machine whose clock goes backwards: best.ckpt is the youngest file."""
    os.utime(run_dir / "checkpoints/last.ckpt", (1, 1))


def stray(run_dir: Path) -> None:
    (run_dir / "checkpoints/.last.ckpt.partial").write_bytes(b"half a checkpoint")
    unfinished(run_dir / "status.json").write_text("{")


FAULTS = [
    Fault("SIGKILL between two saves", "kill", -9, 8),
    Fault("SIGKILL while last.ckpt is written", "kill_in_mid_write", -9, 8),
    Fault("SIGTERM to the process group (`timeout`, Slurm)", "group_SIGTERM", 75, 0),
    Fault("SIGINT to the process group (Ctrl-C)", "group_SIGINT", 130, 0),
    Fault("SIGUSR1 to the process group (Slurm's warning)", "group_SIGUSR1", 75, 0),
    Fault("SIGHUP to the process group (a closed terminal)", "group_SIGHUP", 75, 0),
    Fault("SIGINT, and again while the run saves", "again_in_mid_write", 130, 0),
    Fault("a loader's worker killed", "kill_worker", 1, 0, "was killed by SIGKILL"),
    Fault("a loader's worker silent for ever, then SIGTERM", "silence_worker", 75, 0),
    Fault("the disk full at a save", "full_disk", 1, 8, "No space left on device"),
    Fault("the checkpoints' folder removed", "remove_checkpoints", 0, 0),
    Fault("the run's folder removed", "remove_folder", 0, 0),
    Fault(
        "a folder in the place of metrics.csv",
        "record_a_folder",
        1,
        0,
        "metrics.csv: cannot be written",
        afterwards=lambda run_dir: (run_dir / "metrics.csv").rmdir(),
    ),
    Fault("weights become nan", "not_a_number", 1, 8, "nan"),
    Fault("a second start in the folder meanwhile", "second_start", 0, 0),
    Fault("last.ckpt truncated afterwards", "kill", -9, 24, afterwards=damage(lambda c: c[: len(c) // 2])),
    Fault("last.ckpt empty afterwards", "kill", -9, 24, afterwards=damage(lambda c: b"")),
    Fault("last.ckpt another file afterwards", "kill", -9, 24, afterwards=damage(lambda c: b"GIF89a" * 99)),
    Fault("a bit of last.ckpt flipped afterwards", "kill", -9, 24, afterwards=damage(flipped)),
    Fault("last.ckpt a link that leads nowhere", "kill", -9, 24, afterwards=dangling),
    Fault("stray partial files", "kill", -9, 8, afterwards=stray),
    Fault(
        "status.json empty", "kill", -9, 8, afterwards=lambda run_dir: (run_dir / "status.json").write_text("") and None
    ),
    Fault("copied, file times the other way round", "kill", -9, 8, afterwards=copied),
]


def train(cwd: Path, *overrides: str, name: str) -> Any:
    """The verb, in a folder of its own below `cwd`."""
    return preloaded("stylegan_pl.train", *TYPED, *overrides, f"hydra.run.dir={name}", cwd=cwd, PYTHONPATH=PYTHONPATH)


def undisturbed(cwd: Path) -> dict[str, Any]:
    """Sets, and the last weights of a run that nothing happens to."""
    for hue, side in enumerate(("content", "style")):
        for split, count in (("train", 10), ("val", 4)):
            write_images(cwd / "sets" / side / split, count, hue=2 * hue, seed=count + hue)
    done = train(cwd, name="whole")
    assert done.returncode == 0, done.stderr
    return weights(cwd / "whole")


def weights(run_dir: Path) -> dict[str, Any]:
    """Of last.ckpt."""
    state: dict[str, Any] = torch.load(run_dir / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
    return {name: value for name, value in state.items() if torch.is_tensor(value)}


def became(fault: Fault, cwd: Path, whole: dict[str, Any]) -> Became:
    """Strike a run, and start it again."""
    shutil.rmtree(cwd / "run", ignore_errors=True)
    for left in ("note", "note.struck"):
        (cwd / left).unlink(missing_ok=True)
    struck = ["+callbacks.struck._target_=faults.injections.Struck", f"+callbacks.struck.fault={fault.strike}"]
    struck += ["+callbacks.struck.images=22", f"+callbacks.struck.note={cwd / 'note'}"]
    ended = train(cwd, *struck, name="run")
    assert (cwd / "note.struck").is_file(), f"never struck: {ended.stderr}"
    lines = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in ended.stderr, ended.stderr
    fault.afterwards(cwd / "run")
    good = newest_good(cwd / "run")
    reached = torch.load(good, weights_only=True)["images_seen"] if good else 0
    lost = max(0, int((cwd / "note").read_text()) - reached)  # a batch may be saved before it is noted
    again = train(cwd, "resume=auto", name="run") if ended.returncode != 0 else ended  # else it is done
    assert "Traceback" not in again.stderr, again.stderr
    own = weights(cwd / "run") if again.returncode == 0 else {}
    same = own.keys() == whole.keys() and all(torch.equal(own[name], whole[name]) for name in whole)
    said = lines[0].removeprefix("error: ").replace(f"{cwd}/", "") if lines else ""
    return Became(ended.returncode, said, lost, again.returncode == 0, same)


def row(fault: Fault, found: Became) -> str:
    """Of the table."""
    code = f"killed ({-found.exit_code})" if found.exit_code < 0 else str(found.exit_code)
    goes_on = "to the undisturbed bytes" if found.same else "yes" if found.resumed else "no"
    said = re.sub(r"pid \d+", "pid N", found.said.replace("|", "/"))  # another one each time
    return f"| {fault.name} | {code} | {said} | {found.lost} | {goes_on} |"


def main() -> None:
    """The table, into the document."""
    rows = ["| fault | exit code | what is said | images lost | goes on |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        cwd = Path(folder).resolve()
        whole = undisturbed(cwd)
        for fault in FAULTS:
            rows.append(row(fault, became(fault, cwd, whole)))
            print(rows[-1], flush=True)
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + "\n".join(rows) + "\n" + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
