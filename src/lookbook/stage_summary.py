"""What a pipeline did, for its line in the log and its row in the table at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StageSummary:
    """The account of one pipeline.

    Attributes:
        came: Rows, photos or items that it was given.
        went: Those that it passed on.
        happened: Why the two differ, in short.
        work: What it did, such as ``photos captioned``; a plural first.
        worked: How many it did that to; ``None`` for all that came.
        set_aside: What it set aside and how many, by the dataset that lists them.
    """

    came: int
    went: int
    happened: str
    work: str
    worked: int | None = None
    set_aside: Mapping[str, str] = field(default_factory=dict)

    def describe(self, seconds: float) -> str:
        """Say in one line what was done, and how fast.

        Args:
            seconds: How long it took.
        """
        count = self.came if self.worked is None else self.worked
        if not count:
            return "nothing new"
        things, _, done = self.work.partition(" ")
        line = f"{count:,} {things[:-1] if count == 1 else things} {done} in {duration(seconds)}"
        if seconds < 1:
            return line
        rate = count / seconds
        return f"{line} ({rate:,.{0 if rate >= 10 else 1}f} a second)"


def duration(seconds: float) -> str:
    """Write a time: seconds, or minutes from two of them on."""
    if seconds >= 120:
        return f"{seconds / 60:,.0f} min"
    return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
