"""Any captioner many times over, on the machines of a Ray cluster."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import ray
from kedro.io import AbstractDataset
from ray import cloudpickle

from lookbook.captioners import Caption, Captioner, Prompt
from lookbook.errors import InputError
from lookbook.photos import Photo

NEVER_CAME = "the cluster gave nothing back"


def _open(captioner: dict[str, Any]) -> Captioner:
    engine: Captioner = AbstractDataset.from_config("captioner", captioner).load()
    return engine


class _Replica:
    """A captioner on one of the cluster's machines, which reads the photos there."""

    def __init__(self, captioner: dict[str, Any], prompt: Prompt) -> None:
        self._captioner = _open(captioner)
        self._prompt = prompt

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        readers: Iterable[Callable[[], bytes]] = map(cloudpickle.loads, batch["read"])
        photos = (
            Photo(str(name), read) for name, read in zip(batch["photo"], readers, strict=True)
        )
        try:
            captions = list(self._captioner.caption(photos, self._prompt))
        except InputError as error:
            return {"caption": [""], "error": [str(error)]}
        # A batch that is done anew, its machine lost, has to come back in the same order.
        captions.sort(key=lambda caption: caption.photo)
        told = [caption.model_dump_json() for caption in captions]
        return {"caption": told, "error": [""] * len(told)}


class RayCaptioner:
    """Spreads photos over replicas of a captioner, which Ray Data keeps busy.

    One machine's eight GPUs and ten machines are the same to it. Only the photos' addresses
    are sent; each replica reads its photos itself. What a lost machine had not given back is
    done anew elsewhere.
    """

    def __init__(
        self,
        captioner: dict[str, Any],
        *,
        replicas: int,
        cpus_per_replica: float = 1,
        gpus_per_replica: float = 0,
        batch_size: int = 32,
        connection: dict[str, Any] | None = None,
    ) -> None:
        """Names the cluster; nothing is started yet.

        Args:
            captioner: The catalog entry of the captioner to run on the cluster.
            replicas: How many of it at most.
            cpus_per_replica: Cores that each takes.
            gpus_per_replica: GPUs that each takes.
            batch_size: Photos that a replica is given at a time.
            connection: Arguments of ``ray.init``, such as ``address`` and ``runtime_env``.
                Without an address the cluster of ``RAY_ADDRESS``, or else one that is started
                on this machine for the run.
        """
        self._config = captioner
        self._replicas = replicas
        self._cpus = cpus_per_replica
        self._gpus = gpus_per_replica
        self._batch_size = batch_size
        self._connection = connection or {}

    def fingerprint(self, prompt: Prompt) -> str:
        """Gives the fingerprint of the captioner that it runs."""
        return _open(self._config).fingerprint(prompt)

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the cluster cannot be reached, or the captioner itself says so.
        """
        rows = [{"photo": photo.id, "read": cloudpickle.dumps(photo.read)} for photo in photos]
        if not rows:
            return
        begun = self._connect()
        try:
            awaited = {row["photo"] for row in rows}
            for caption in self._stream(rows, prompt):
                if caption.photo in awaited:
                    awaited.remove(caption.photo)
                    yield caption
            for photo in sorted(awaited):
                yield Caption(photo=photo, failure=NEVER_CAME, answers=0)
        finally:
            if begun:
                ray.shutdown()

    def _connect(self) -> bool:
        """Connects to the cluster unless this process is; says whether it did."""
        if ray.is_initialized():
            return False
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # What goes wrong is raised here in Python as well.
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        # Not left to Ray, which would join whatever cluster it finds on this machine.
        address = os.environ.get("RAY_ADDRESS", "local")
        quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
        try:
            ray.init(**{"address": address, **quiet, **self._connection})
        except (ConnectionError, ValueError) as error:
            raise InputError(f"The Ray cluster cannot be reached: {error}") from error
        return True

    def _stream(self, rows: list[dict[str, Any]], prompt: Prompt) -> Iterator[Caption]:
        context = ray.data.DataContext.get_current()
        # The label node shows how far the photos are.
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        blocks = -(-len(rows) // self._batch_size)
        captions = ray.data.from_items(rows, override_num_blocks=blocks).map_batches(
            _Replica,
            fn_constructor_args=(self._config, prompt),
            batch_size=self._batch_size,
            compute=ray.data.ActorPoolStrategy(size=self._replicas),
            num_cpus=self._cpus,
            num_gpus=self._gpus,
        )
        for row in captions.iter_rows():
            if row["error"]:
                raise InputError(row["error"])
            yield Caption.model_validate_json(row["caption"])
