"""Progress of what takes long: a bar on a terminal, and elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm

# What takes fewer seconds shows no progress.
DELAY = 2.0
# Seconds between two lines in a log.
BETWEEN_LINES = 10.0


class Progress(tqdm):
    """tqdm, but without carriage returns where nobody sees them: a log, a pipe, CI."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Create a bar with tqdm's arguments."""
        self._in_log = not sys.stderr.isatty()
        if options.get("disable") is False:
            # Not said, so that TQDM_DISABLE counts.
            del options["disable"]
        seldom = {"mininterval": BETWEEN_LINES, "maxinterval": BETWEEN_LINES, "ncols": 100}
        # A finished bar goes: the log has a line for each pipeline.
        usual = {"delay": DELAY, "leave": False, **(seldom if self._in_log else {})}
        super().__init__(*args, **{**usual, **options})

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        """Show how far it is; return whether a line is left to be cleared."""
        if not self._in_log:
            return super().display(msg, pos)
        if msg != "":
            self.fp.write(f"{msg or self}\n")
            self.fp.flush()
        return False

    def close(self) -> None:
        """Show how far it came, once, if it took long."""
        if self._in_log and not self.disable and time.time() - self.start_t >= (self.delay or 0):
            self.display()
        super().close()


def quiet_libraries() -> None:
    """Keep libraries that load models from drawing bars of their own into a log."""
    if not sys.stderr.isatty():
        from transformers.utils import logging

        logging.disable_progress_bar()
