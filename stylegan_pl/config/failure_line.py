"""A failure as an exit code and one line."""

import re

from hydra.errors import InstantiationException

from stylegan_pl.errors import UserError, first_line


def code_and_line(failure: BaseException) -> tuple[int, str]:
    """(exit code, line): 130 for Ctrl-C, a `UserError`'s own code, 2 for a wrong config, 1 for anything else."""
    if isinstance(failure, KeyboardInterrupt):
        return 130, "interrupted"
    cause = (failure.__cause__ or failure) if isinstance(failure, InstantiationException) else failure
    place = next((line.split(":", 1)[1].strip() for line in str(failure).splitlines() if "full_key" in line), "config")
    place = place.replace("callbacks.evaluation.metrics.", "metric.")  # the key that a user types
    if isinstance(cause, UserError):
        return cause.exit_code, f"error: {_where_it_is(cause, place)}"
    if holds_too_little(failure):
        return 1, f"error: not enough memory ({first_line(failure)}); close other programs, or raise ulimit -v"
    if not isinstance(failure, InstantiationException):
        return 1, f"error: {type(failure).__name__}: {first_line(failure)}"
    # a constructor's own error, with the key of its node
    return 2, f"error: {place}: {first_line(cause)}"


def holds_too_little(failure: BaseException) -> bool:
    """Whether memory ran out, also for a library that is imported: the system's loader says so in its own words."""
    said = isinstance(failure, ImportError) and re.search("failed to map segment|annot allocate memory", str(failure))
    return isinstance(failure, MemoryError) or bool(said)


def _where_it_is(error: UserError, place: str) -> UserError:
    """Missing weights, reported with the key of the metric that needs them; a network does not know it."""
    if not place.startswith(("metric.", "content_loss.")):
        return error
    from stylegan_pl.nn.pretrained.weights import WeightsError  # torch is loaded already

    return error.at(place) if isinstance(error, WeightsError) else error
