"""How a verb ended, for the shell and for sweeps."""


class Outcome(int):
    """How a verb ended: its exit code and, of a training, the score that a sweep optimises."""

    score: float | None

    def __new__(cls, exit_code: int, score: float | None = None) -> "Outcome":
        """An int like any other, so that an exit code may be returned where there is no score."""
        outcome = super().__new__(cls, exit_code)
        outcome.score = score
        return outcome
