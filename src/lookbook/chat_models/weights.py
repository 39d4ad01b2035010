"""Fingerprints of model weights."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path

from lookbook.errors import InputError

# Larger files, in bytes, are sampled.
WHOLE = 256 << 20
# Samples of a large file, its end included, and bytes of a sample.
SAMPLES = 64
SAMPLE = 1 << 20
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
    """Return the folder of a model in an installed package.

    Raises:
        ImportError: If there is no such package.
    """
    return str(import_module(package).get_model_path())


def hash_folder(folder: Path) -> str:
    """Hash the weights in a folder, in samples, and their configuration."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in WEIGHTS for path in folder.rglob(pattern)}):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}".encode())
        digest.update(_sample(path))
    return digest.hexdigest()


def _sample(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= WHOLE:
            return hashlib.file_digest(file, "sha256").digest()
        digest = hashlib.sha256()
        for number in range(SAMPLES):
            file.seek((size - SAMPLE) * number // (SAMPLES - 1))
            digest.update(file.read(SAMPLE))
        return digest.digest()


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
            f"The model '{model}' is neither a folder with a model nor to be had from the hub: "
            f"{str(error).splitlines()[0]} Check its name, the network and the token."
        ) from error
