"""A Ray cluster: how to reach it, and what to say where it fails."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lookbook.errors import InputError, first_line

# Seconds between two lines of a run that waits for a machine.
REMINDER = 60.0
# Ray's names of what a worker takes.
_RESOURCES = {"num_cpus": "CPU", "num_gpus": "GPU"}

logger = logging.getLogger(__name__)


class RoomWatch:
    """Watches whether a cluster has room for a worker that has not begun."""

    def __init__(self, resources: dict[str, Any], patience: float) -> None:
        """Start the watch.

        Args:
            resources: What a worker takes: ``num_cpus`` and ``num_gpus``.
            patience: Seconds to wait for a machine that is large enough.
        """
        self._needed = {name: resources.get(key) or 0 for key, name in _RESOURCES.items()}
        self._patience = patience
        self._begun = self._reminded = time.monotonic()
        self._has_warned = False

    def check(self) -> None:
        """Log that there is no room, and give up where there will be none.

        Raises:
            InputError: If no machine of the cluster has been large enough for so long.
        """
        now = time.monotonic()
        machines = self._machines()
        if any(self._fits(machine) for machine in machines):
            self._begun = now
            if now - self._reminded > REMINDER:
                self._reminded = now
                logger.warning("Waiting for room on the cluster, which others use.")
            return
        largest = max(machines, key=lambda one: (one["GPU"], one["CPU"]), default={})
        sentence = (
            f"No machine of the cluster has room for a worker of {_describe(self._needed)}; the "
            f"largest has {_describe(largest)}."
        )
        if now - self._begun >= self._patience:
            raise InputError(
                f"{sentence} Ask for less in the catalog. If the cluster grows by itself, set "
                "'patience' to more seconds."
            )
        if not self._has_warned:
            self._has_warned = True
            logger.warning("%s Waiting %.0f s for one.", sentence, self._patience)

    def _machines(self) -> list[dict[str, float]]:
        import ray

        nodes = [node.get("Resources", {}) for node in ray.nodes() if node["Alive"]]
        return [{name: node.get(name, 0) for name in _RESOURCES.values()} for node in nodes]

    def _fits(self, machine: dict[str, float]) -> bool:
        return all(machine[name] >= amount for name, amount in self._needed.items())


def _describe(resources: dict[str, float]) -> str:
    return " and ".join(f"{resources.get(name, 0):g} {name}" for name in _RESOURCES.values())


@contextmanager
def lost_machine_told() -> Iterator[None]:
    """Turn the loss of the run's own part of the cluster into a sentence.

    Raises:
        InputError: In the place of what Ray says.
    """
    from ray.exceptions import RayError, RayTaskError

    try:
        yield
    except RayTaskError:
        raise
    except RayError as error:
        first = first_line(error)
        raise InputError(
            f"The cluster lost the machine that started this run ({first}). Finished work is "
            "kept. Run the same command again."
        ) from error


def connect(connection: dict[str, Any]) -> bool:
    """Connect to a Ray cluster unless this process is connected already.

    Args:
        connection: Arguments of ``ray.init``, such as ``address`` and ``runtime_env``. Without an
            address the cluster of ``RAY_ADDRESS``, or else one that is started on this machine.

    Returns:
        Whether it did.

    Raises:
        InputError: If Ray is not installed, or the cluster cannot be reached.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise InputError(
            "A cluster needs Ray. Install it: "
            "pip install --constraint constraints.txt --editable '.[cluster]'"
        ) from error
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What goes wrong is raised here in Python as well.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Not left to Ray, which would join whatever cluster it finds on this machine.
    address = os.environ.get("RAY_ADDRESS", "local")
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        told = ray.init(**{"address": address, **quiet, **connection})
    except (ConnectionError, ValueError) as error:
        raise InputError(f"The Ray cluster cannot be reached: {error}") from error
    if told.dashboard_url:
        logger.info("Ray's dashboard is at http://%s", told.dashboard_url)
    return True
