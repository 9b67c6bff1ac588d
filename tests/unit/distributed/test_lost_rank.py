"""A process that ends because another is gone ends whatever its disk does."""

import subprocess
import sys

import pytest

ENDS = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from stylegan_pl.distributed import launcher

launcher._RECORD_S = 0.5
if sys.argv[2] == "blocked":
    launcher.write_status = lambda *args, **given: time.sleep(60)
launcher.RankLauncher(SimpleNamespace(), {}, Path(sys.argv[1])).end_process("rank 1 is gone")
"""


@pytest.mark.parametrize("disk", ["refuses", "blocked"])
def test_a_disk_that_takes_no_status_does_not_keep_the_process(tmp_path, disk):
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(tmp_path / "file/run"), disk], capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stderr) == (1, "error: rank 1 is gone\n")
