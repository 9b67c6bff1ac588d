"""The outcome of a verb, for the shell and for sweeps."""

from typing import Any

ENDED = {0: "done", 75: "preempted", 130: "interrupted"}
"""Exit code of a training -> its state, in words."""


class Outcome(int):
    """The outcome of a verb: exit code, the score of a training for sweeps, and facts for programs."""

    score: float | None
    facts: dict[str, Any]  # plain data that JSON can hold

    def __new__(cls, exit_code: int, score: float | None = None, facts: dict[str, Any] | None = None) -> "Outcome":
        """It is an int, so a verb without a score can return a plain exit code."""
        outcome = super().__new__(cls, exit_code)
        outcome.score = score
        outcome.facts = facts or {}
        return outcome
