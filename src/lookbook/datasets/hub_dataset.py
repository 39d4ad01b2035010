"""``HubDataset`` pushes a folder to a data set repository of the Hugging Face hub."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from lookbook.errors import InputError

logger = logging.getLogger(__name__)


class HubDataset(AbstractDataset[dict[str, Any], None]):
    """``HubDataset`` makes a repository hold what a folder holds, in one commit.

    What is there already is not sent again.

    Examples:
        Using the YAML API:

        ```yaml
        pushed_repository:
          type: lookbook.datasets.hub_dataset.HubDataset
          path: data/08_reporting/published
          credentials: huggingface
        ```
    """

    def __init__(
        self,
        *,
        path: str,
        endpoint: str | None = None,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset.

        Args:
            path: The folder.
            endpoint: The hub's address, of a mirror or a hub of one's own.
            credentials: ``token``.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._path = path
        self._endpoint = endpoint
        self._token = (credentials or {}).get("token")
        self.metadata = metadata

    def load(self) -> NoReturn:
        """Refuses.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("HubDataset is pushed to, never loaded")

    def save(self, data: dict[str, Any]) -> None:
        """Pushes the folder.

        Args:
            data: ``repository`` (``OWNER/NAME``, or ``None`` to push nowhere), ``private`` and
                ``message``, of the commit.

        Raises:
            InputError: If the hub refuses or cannot be reached; the folder stays as it is.
        """
        repository = data["repository"]
        if repository is None:
            return
        from httpx import HTTPError
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError

        api = HfApi(endpoint=self._endpoint, token=self._token)
        try:
            api.create_repo(repository, repo_type="dataset", private=data["private"], exist_ok=True)
            told = api.upload_folder(
                repo_id=repository,
                folder_path=self._path,
                repo_type="dataset",
                commit_message=data["message"],
                ignore_patterns=["*.unfinished"],
                # What left the catalogue leaves the repository.
                delete_patterns=["*"],
            )
        except (HfHubHTTPError, HTTPError, OSError, ValueError) as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(
                f"The hub did not take '{repository}': {first} The data set stays in {self._path}; "
                "look at huggingface.token in conf/local/credentials.yml, and run it again."
            ) from error
        logger.info("pushed to %s", told)

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}

    def _exists(self) -> bool:
        return False
