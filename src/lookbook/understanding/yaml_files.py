"""Files of a shop's own words, in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel

from lookbook.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(filepath: str, model: type[Model], key: str) -> Model:
    """Read a model from a YAML file.

    Args:
        filepath: The file.
        model: The model.
        key: The global that names the file.

    Raises:
        InputError: If it does not exist or cannot be used.
    """
    try:
        content = yaml.safe_load(Path(filepath).read_text(encoding="utf-8"))
        return model.model_validate(content or {})
    except OSError as error:
        raise InputError(
            f"There is no {key} file '{filepath}'. Name a file as '{key}:' in "
            f"conf/local/globals.yml, or remove the line to use conf/base/{key}.yml."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"The {key} file '{filepath}' cannot be used: {reason}") from error
