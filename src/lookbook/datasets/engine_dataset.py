"""``EngineDataset`` makes what the catalog names: a captioner, a stylist, embedding models."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError


class EngineDataset(ReadOnlyDataset[Any]):
    """``EngineDataset`` loads whatever a class or a function makes of its arguments.

    An argument that names an ``engine`` itself is made first, so that engines nest.

    Examples:
        Using the YAML API:

        ```yaml
        captioner:
          type: lookbook.datasets.engine_dataset.EngineDataset
          engine: lookbook.captioners.api.ApiCaptioner
          model: meta-llama/Llama-3.2-11B-Vision-Instruct
          base_url: http://localhost:8000/v1
          credentials: together
        ```
    """

    def __init__(
        self,
        *,
        engine: str | dict[str, Any],
        metadata: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        """Create the dataset; nothing is imported before it is loaded.

        Args:
            engine: The class or function, by its module and name; or a mapping that names it
                as ``engine`` beside its arguments.
            metadata: Ignored by Kedro, read by plugins.
            arguments: Its arguments, under the names that it gives them; ``credentials`` are
                arguments too.
        """
        named = engine if isinstance(engine, dict) else {"engine": engine}
        self._config = {**named, **arguments}
        self.metadata = metadata

    def load(self) -> Any:
        """Make the engine.

        Raises:
            InputError: If there is no such engine, or it takes no such arguments.
        """
        return _make(self._config)

    def _describe(self) -> dict[str, Any]:
        return {"engine": self._config["engine"]}


def _make(config: dict[str, Any]) -> Any:
    name = config["engine"]
    given = {key: value for key, value in config.items() if key not in ("engine", "credentials")}
    given |= config.get("credentials") or {}
    arguments = {
        key: _make(value) if isinstance(value, dict) and "engine" in value else value
        for key, value in given.items()
    }
    module, _, attribute = name.rpartition(".")
    try:
        engine = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"Cannot import '{name}', which the catalog names: {error}. Check the spelling or "
            "install the package."
        ) from error
    try:
        for key, parameter in _parameters(engine, arguments).items():
            kinds = get_args(parameter.annotation) or (parameter.annotation,)
            for kind in kinds if isinstance(arguments.get(key), dict) else ():
                if isinstance(kind, type) and issubclass(kind, BaseModel):
                    arguments[key] = kind.model_validate(arguments[key])
    except (TypeError, ValidationError) as error:
        first = str(error).replace("\n", " ")
        raise InputError(f"'{name}' does not accept the arguments in the catalog: {first}") from (
            error
        )
    return engine(**arguments)


def _parameters(engine: Any, arguments: dict[str, Any]) -> Mapping[str, inspect.Parameter]:
    """Return an engine's parameters.

    Raises:
        TypeError: If it does not take these arguments.
    """
    try:
        signature = inspect.signature(engine, eval_str=True)
    except NameError:
        signature = inspect.signature(engine)
    except ValueError:
        # Some of Python's own, such as `dict`, have none.
        return {}
    signature.bind(**arguments)
    return signature.parameters
