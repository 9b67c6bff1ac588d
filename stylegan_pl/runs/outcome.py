"""How a verb ended, for the shell and for sweeps."""

from typing import Any

ENDED = {0: "done", 75: "preempted", 130: "interrupted"}
"""Exit code of a training -> its state, in words."""


class Outcome(int):
    """How a verb ended: its exit code; of a training the score that a sweep optimises; what it made, for programs."""

    score: float | None
    facts: dict[str, Any]  # plain data that JSON can hold

    def __new__(cls, exit_code: int, score: float | None = None, facts: dict[str, Any] | None = None) -> "Outcome":
        """An int like any other, so that an exit code may be returned where there is no score."""
        outcome = super().__new__(cls, exit_code)
        outcome.score = score
        outcome.facts = facts or {}
        return outcome
