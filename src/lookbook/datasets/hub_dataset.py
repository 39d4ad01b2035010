"""``HubDataset`` pushes a folder to a data set repository of the Hugging Face hub."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from lookbook.errors import InputError, first_line
from lookbook.publishing.card import TAG
from lookbook.publishing.tables import SPLITS

# What a publication holds and a later one may leave out; what others add is called otherwise.
_OURS = [
    pattern
    for split in SPLITS
    for pattern in (f"{split}/metadata.parquet", f"{split}/??/{'[0-9a-f]' * 64}_*.jpg")
]

logger = logging.getLogger(__name__)


class HubDataset(AbstractDataset[dict[str, Any], None]):
    """``HubDataset`` brings a repository up to date with a folder, in one commit.

    Files that are there already are not sent again. Photos and tables that left the folder leave
    the repository; files of others stay. A repository with files is pushed to only if its card
    has the tag of :data:`lookbook.publishing.card.TAG`.

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
        """Create the dataset.

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
        raise DatasetError("HubDataset can only be written")

    def save(self, data: dict[str, Any]) -> None:
        """Push the folder.

        Args:
            data: ``repository`` (``OWNER/NAME``, or ``None`` to push nowhere), ``private`` and
                ``message``, of the commit.

        Raises:
            InputError: If the hub refuses or cannot be reached, or the repository holds
                something else; the folder stays as it is.
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
            info = api.dataset_info(repository)
            has_files = any(one.rfilename != ".gitattributes" for one in info.siblings or [])
            tags = info.card_data.get("tags") if info.card_data else None
            if has_files and TAG not in (tags or []):
                raise InputError(
                    f"'{repository}' on the hub holds files that Lookbook did not publish, so "
                    "nothing was pushed. Check 'publish.repository', or name a new one."
                )
            told = api.upload_folder(
                repo_id=repository,
                folder_path=self._path,
                repo_type="dataset",
                commit_message=data["message"],
                ignore_patterns=["*.unfinished"],
                # What left the catalogue leaves the repository.
                delete_patterns=_OURS,
            )
        except (HfHubHTTPError, HTTPError, OSError, ValueError) as error:
            first = first_line(error)
            raise InputError(
                f"The hub rejected '{repository}': {first} The data set stays in {self._path}. "
                "Check huggingface.token in conf/local/credentials.yml, and run it again."
            ) from error
        logger.info("The data set is at %s", told)

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}

    def _exists(self) -> bool:
        return False
