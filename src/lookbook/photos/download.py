"""Fetches photos from the Hugging Face hub or any web server; a fetch that was cut off goes on."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from lookbook.errors import InputError

HUB = "hf://datasets/"
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
CHUNK = 1 << 20
ATTEMPTS = 5
# Left free for what the run itself writes.
RESERVE = 256 << 20


def fetch(source: str, folder: Path, token: str | None = None) -> None:
    """Fetch a data set or an archive into a folder, and unpacks what is packed.

    What is whole already is not fetched again; what was begun is gone on with.

    Args:
        source: ``hf://datasets/OWNER/NAME``, or the ``http(s)://`` address of a zip or tar
            archive.
        folder: Where to. Nothing is written outside it.
        token: For a data set on the hub that asks for one.

    Raises:
        InputError: If it cannot be had, is not what its server said, or does not fit the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if source.startswith(HUB):
        fetch_dataset(source.removeprefix(HUB).strip("/"), folder, token)
        for archive in sorted(path for path in folder.rglob("[!.]*") if _is_archive(path)):
            unpack(archive, archive.parent)
    elif source.startswith(("http://", "https://")):
        # Hidden, the archive is no file among the photos.
        unpack(fetch_archive(source, folder / ".archive"), folder)
    else:
        raise InputError(
            f"'{source}' is not a source. Name {HUB}OWNER/NAME, or the http(s):// address of an "
            "archive."
        )


def fetch_dataset(repository: str, folder: Path, token: str | None) -> None:
    """Fetch a data set of the Hugging Face hub, and checks every file against the hub's list.

    Raises:
        InputError: If it cannot be had, differs from the list, or does not fit the disk.
    """
    import httpx
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    wanted: dict[str, Any] = {"repo_id": repository, "repo_type": "dataset", "token": token}
    try:
        info = HfApi().dataset_info(repository, files_metadata=True, token=token)
        files = {one.rfilename: one for one in info.siblings or []}
        for name in files:
            _inside(folder, name)
        wanted |= {"revision": info.sha, "local_dir": folder}
        missing = snapshot_download(**wanted, dry_run=True)
        _check_space(folder, sum(one.file_size for one in missing if one.will_download))
        snapshot_download(**wanted)
    except (GatedRepoError, RepositoryNotFoundError, HFValidationError) as error:
        raise InputError(
            f"Cannot fetch the data set '{repository}' from the hub. Check its name, and ask for "
            "access on its page. Set HF_TOKEN, or huggingface.token in "
            "conf/local/credentials.yml."
        ) from error
    except (httpx.HTTPError, OSError) as error:
        raise _cut_off(f"the data set '{repository}'", error) from error
    for name, one in files.items():
        path = folder / name
        sound = path.is_file() and one.size in (None, path.stat().st_size)
        if sound and one.lfs is not None:
            sound = _sha256(path) == one.lfs.sha256
        if not sound:
            path.unlink(missing_ok=True)
            raise InputError(
                f"'{name}' differs from what the hub lists, and was removed. Run the same command "
                "again."
            )


def fetch_archive(url: str, folder: Path) -> Path:
    """Fetch an archive, and goes on where an earlier fetch of the same file was cut off.

    Returns:
        The archive.

    Raises:
        InputError: If it cannot be had, or does not fit the disk.
    """
    import httpx
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

    name = PurePosixPath(httpx.URL(url).path).name
    if not name.endswith(ARCHIVES):
        raise InputError(f"'{url}' is not an archive. Its name must end in {', '.join(ARCHIVES)}.")
    folder.mkdir(parents=True, exist_ok=True)
    archive, part = folder / name, folder / f"{name}.part"
    if archive.exists():
        return archive
    retrying = Retrying(
        retry=retry_if_exception_type(httpx.TransportError),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=0.2, max=10),
        reraise=True,
    )
    try:
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            retrying(_go_on, client, url, part)
    except httpx.HTTPStatusError as error:
        raise InputError(f"Cannot fetch '{url}': HTTP {error.response.status_code}.") from error
    except (httpx.HTTPError, OSError) as error:
        raise _cut_off(f"'{url}'", error) from error
    part.replace(archive)
    return archive


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive; a file that is there already, whole, is left as it is.

    Links, devices and paths that lead out of the folder are refused.

    Raises:
        InputError: If the archive is broken, leads out of the folder or does not fit the disk.
    """
    from lookbook.progress import Progress

    try:
        with _members(archive) as members:
            _check_space(
                folder, sum(size for name, size, _ in members if not _is_there(folder, name, size))
            )
            for name, size, opened in Progress(members, desc=archive.name, unit="file"):
                target = _inside(folder, name)
                if _is_there(folder, name, size):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(f"{target.name}.part")
                with opened() as packed, part.open("wb") as file:
                    # Reading to the end makes zipfile compare the checksum.
                    shutil.copyfileobj(packed, file, CHUNK)
                if part.stat().st_size != size:
                    raise zipfile.BadZipFile(f"'{name}' is cut short")
                part.replace(target)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError, OSError) as error:
        raise InputError(
            f"The archive '{archive.name}' cannot be unpacked: {error}. Remove it and run the same "
            "command again."
        ) from error


@contextmanager
def _members(archive: Path) -> Iterator[list[tuple[str, int, Any]]]:
    """List an archive's files: name, bytes, and how to open each."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            entries = [one for one in packed.infolist() if not one.is_dir()]
            for entry in entries:
                if stat.S_ISLNK(entry.external_attr >> 16):
                    raise InputError(f"'{archive.name}' holds a link, '{entry.filename}'.")
            yield [
                (one.filename, one.file_size, lambda one=one: packed.open(one)) for one in entries
            ]
    else:
        with tarfile.open(archive) as packed_tar:
            listed = [one for one in packed_tar if not one.isdir()]
            for member in listed:
                if not member.isfile():
                    raise InputError(f"'{archive.name}' holds more than files: '{member.name}'.")
            yield [
                (one.name, one.size, lambda one=one: packed_tar.extractfile(one)) for one in listed
            ]


def _go_on(client: Any, url: str, part: Path) -> None:
    """Fetch what is missing of a file."""
    import httpx

    from lookbook.progress import Progress

    tag = part.with_name(f"{part.name}.etag")
    begun = part.stat().st_size if part.exists() and tag.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if begun:
        # The server sends the whole file where it is not the same any more.
        headers |= {"Range": f"bytes={begun}-", "If-Range": tag.read_text()}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Whole already, or of another size: the next attempt finds out.
            tag.unlink()
            raise httpx.ReadError("the file has changed on the server")
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            begun = 0
        known = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if known and not known.startswith("W/"):
            tag.write_text(known)
        else:
            tag.unlink(missing_ok=True)
        size = int(response.headers.get("Content-Length", 0))
        _check_space(part.parent, size)
        with (
            part.open("ab" if begun else "wb") as file,
            Progress(total=begun + size or None, initial=begun, unit="B", unit_scale=True,
                 desc=part.stem) as progress,
        ):  # fmt: skip
            for chunk in response.iter_raw():
                file.write(chunk)
                progress.update(len(chunk))
    tag.unlink(missing_ok=True)


def _is_archive(path: Path) -> bool:
    return path.is_file() and path.name.endswith(ARCHIVES)


def _inside(folder: Path, name: str) -> Path:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()) or "\\" in name:
        raise InputError(f"'{name}' is outside the folder, so it was not unpacked.")
    return target


def _is_there(folder: Path, name: str, size: int) -> bool:
    target = _inside(folder, name)
    return target.is_file() and target.stat().st_size == size


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + RESERVE > free:
        raise InputError(
            f"{needed / 1e9:.1f} GB do not fit on the disk of '{folder}', which has "
            f"{free / 1e9:.1f} GB left."
        )


def _cut_off(what: str, error: Exception) -> InputError:
    return InputError(
        f"Fetching {what} was cut off ({error}). Finished parts are kept. Run the same command "
        "again to go on."
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
