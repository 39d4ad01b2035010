"""``RayCaptionerDataset`` opens a captioner that runs on a Ray cluster."""

from __future__ import annotations

from typing import Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError


class RayCaptionerDataset(ReadOnlyDataset[Any]):
    """``RayCaptionerDataset`` loads any captioner as a pool of replicas on a Ray cluster.

    Examples:
        Using the YAML API:

        ```yaml
        captioner:
          type: lookbook.datasets.ray_captioner_dataset.RayCaptionerDataset
          captioner:
            type: lookbook.datasets.huggingface_captioner_dataset.HuggingFaceCaptionerDataset
            model: meta-llama/Llama-3.2-11B-Vision-Instruct
            credentials: huggingface
          replicas: 8
          gpus_per_replica: 1
          connection: { address: ray://head:10001 }
        ```
    """

    def __init__(
        self,
        *,
        captioner: dict[str, Any],
        replicas: int,
        cpus_per_replica: float = 1,
        gpus_per_replica: float = 0,
        batch_size: int = 32,
        connection: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; the cluster is used when the first photo is captioned.

        Args:
            captioner: See :class:`lookbook.captioners.ray.RayCaptioner`, as for all that is
                not named here.
            replicas: See there.
            cpus_per_replica: See there.
            gpus_per_replica: See there.
            batch_size: See there.
            connection: See there.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._captioner = captioner
        self._options: dict[str, Any] = {
            "replicas": replicas,
            "cpus_per_replica": cpus_per_replica,
            "gpus_per_replica": gpus_per_replica,
            "batch_size": batch_size,
            "connection": connection,
        }
        self.metadata = metadata

    def load(self) -> Any:
        """Makes the captioner, a :class:`lookbook.captioners.ray.RayCaptioner`.

        Raises:
            InputError: If Ray is not installed.
        """
        try:
            from lookbook.captioners.ray import RayCaptioner
        except ModuleNotFoundError as error:
            raise InputError(
                "Captioning on a cluster needs Ray. Install it: "
                "pip install --constraint constraints.txt --editable '.[cluster]'"
            ) from error
        return RayCaptioner(self._captioner, **self._options)

    def _describe(self) -> dict[str, Any]:
        return {"captioner": self._captioner["type"], **self._options}
