"""Every fault of docs/reliability.md, in real commands: what is promised of each."""

import pytest
from faults.table import FAULTS, became, undisturbed


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    cwd = tmp_path_factory.mktemp("faults").resolve()
    return cwd, undisturbed(cwd)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_struck_run_loses_no_more_than_is_promised_and_ends_in_the_undisturbed_bytes(whole, fault):
    found = became(fault, *whole)
    assert found.exit_code == fault.exit_code and fault.said in found.said, found
    assert found.lost <= fault.lost and found.resumed and found.same, found
