"""The table of renames: old files name classes by the paths of then."""

from importlib import import_module
from importlib.util import find_spec

import pytest

from stylegan_pl.runs.renamed import RENAMED, new_name


@pytest.mark.parametrize("path", sorted(set(map(new_name, RENAMED))))
def test_every_new_path_leads_somewhere(path):
    module, _, name = path.rpartition(".")
    assert hasattr(import_module(module), name) if name[0].isupper() else find_spec(path) is not None


def test_a_class_may_leave_the_others_of_its_file():
    assert new_name("stylegan_pl.losses.relative.RelativeStyleLoss") == (
        "stylegan_pl.losses.relative_style.RelativeStyleLoss"
    )
    assert new_name("stylegan_pl.losses.relative.RelativeContentLoss") == (
        "stylegan_pl.losses.content.RelativeContentLoss"
    )
