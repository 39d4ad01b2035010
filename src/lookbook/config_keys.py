"""Unknown keys in configuration, each named with the nearest key that exists."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Protocol, get_args, get_origin

from kedro.framework.project import pipelines as registered
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel
from yaml import MarkedYAMLError, YAMLError

from lookbook.errors import InputError, first_line
from lookbook.pipeline_registry import every_pipeline

# Globals whose nested keys the user chooses.
FREE = ("embedders", "table_types")
# Parameters of a run that no node and no catalog entry reads.
RUN_ONLY = ("replace",)
_REFERENCE = r"\$\{%s:\s*([\w.]+)"
# Less alike, a suggestion would mislead.
_ALIKE = 0.6


class Files(Protocol):
    """A configuration whose files can be listed."""

    def files(self, key: str | None = None) -> Iterable[tuple[str, Path]]:
        """List the names and paths of one kind of files, or of all kinds."""


def check_globals(
    base: dict[str, Any], loaded: dict[str, Any], typed: dict[str, Any], config: Files
) -> None:
    """Check that every global is one of ``conf/base``, or that the configuration refers to it.

    Args:
        base: The globals of the base environment.
        loaded: The globals of all environments and of the command line.
        typed: Those of the command line.
        config: The configuration.

    Raises:
        InputError: If one is unknown; it names the file and the nearest key.
    """
    unknown = [str(name) for name in loaded if name not in base]
    if unknown:
        referred = references(config, "globals")
        unknown = [name for name in unknown if name not in referred and not name.startswith("_")]
    for name, value in base.items():
        if isinstance(value, dict) and name not in FREE and isinstance(loaded.get(name), dict):
            unknown += [f"{name}.{key}" for key in loaded[name] if key not in value]
    if unknown:
        nested = [f"{name}.{key}" for name in base for key in _keys(base[name])]
        is_typed = OmegaConf.select(OmegaConf.create(typed), unknown[0]) is not None
        file = "--params" if is_typed else _file_of(unknown[0], config, "globals")
        _refuse(unknown[0], [*base, *nested], file)


def check_parameters(
    loaded: dict[str, Any],
    runtime_params: dict[str, Any],
    global_names: Collection[str],
    config: Files,
) -> None:
    """Check that some pipeline reads every parameter.

    Args:
        loaded: The parameters of all environments and of the command line.
        runtime_params: Those of the command line, where globals may stand, too.
        global_names: The globals.
        config: The configuration.

    Raises:
        InputError: If one is unknown; it names the file and the nearest key.
    """
    models = parameter_models()
    unknown = [str(name) for name in loaded if name not in models]
    unknown = [name for name in unknown if not name.startswith("_")]
    if unknown:
        readers = {name.split(".")[0] for name in references(config, "runtime_params")}
        typed = {*readers, *RUN_ONLY, *global_names} & set(runtime_params)
        unknown = [name for name in unknown if name not in typed]
    for name, model in models.items():
        if model is not None and isinstance(loaded.get(name), dict):
            unknown += [f"{name}.{key}" for key in _unknown_to(model, loaded[name])]
    if not unknown:
        return
    name = unknown[0]
    nested = [f"{top}.{key}" for top, model in models.items() if model for key in _known_to(model)]
    candidates = [*models, *nested]
    is_typed = OmegaConf.select(OmegaConf.create(runtime_params), name) is not None
    if is_typed:
        candidates += [*references(config, "runtime_params"), *RUN_ONLY, *global_names]
    file = "--params" if is_typed else _file_of(name, config, "parameters")
    _refuse(name, candidates, file, set(global_names) - set(candidates))


def clashing_names(runtime_params: dict[str, Any], global_names: Collection[str]) -> list[str]:
    """List globals of the command line that have the name of a section of the parameters.

    ``--params=index=FOLDER`` says where the index is; the parameters of ``index`` stay as they are.
    """
    values = {name: value for name, value in runtime_params.items() if name in global_names}
    models = parameter_models() if values else {}
    return [
        name for name, value in values.items() if models.get(name) and not isinstance(value, dict)
    ]


def parameter_models() -> dict[str, type[BaseModel] | None]:
    """Map each parameter that pipelines read to the model of its keys, where it has one."""
    # Kedro registers only what a run has asked for; a project may register pipelines of its own.
    return _parameter_models(tuple(registered))


@cache
def _parameter_models(names: tuple[str, ...]) -> dict[str, type[BaseModel] | None]:
    from kedro.validation.type_extractor import TypeExtractor

    from lookbook.server.params import ServerParams

    pipelines = {**{name: registered[name] for name in names}, **every_pipeline()}
    types = TypeExtractor(pipelines).extract_types_from_pipelines()
    read = (
        name.removeprefix("params:")
        for pipeline in pipelines.values()
        for node in pipeline.nodes
        for name in node.inputs
        if name.startswith("params:")
    )
    # No pipeline reads those of the server.
    models: dict[str, type[BaseModel] | None] = {"server": ServerParams}
    for name in read:
        top = name.split(".")[0]
        found = types.get(name)
        is_model = isinstance(found, type) and issubclass(found, BaseModel)
        # The attributes are checked where they are read.
        models[top] = found if is_model and top == name and top != "schema" else models.get(top)
    return models


def references(config: Files, resolver: str) -> list[str]:
    """Find the names that configuration files take from a resolver, such as ``globals``."""
    texts = (path.read_text(encoding="utf-8") for _, path in config.files())
    return sorted({name for text in texts for name in re.findall(_REFERENCE % resolver, text)})


def read_file(name: str, path: Path) -> DictConfig:
    """Read one file of configuration.

    Raises:
        InputError: If it is no YAML, or declares no keys.
    """
    advice = "Correct the file or remove it."
    try:
        declared = OmegaConf.load(path)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{name} is not valid YAML{line}: {error.problem}. {advice}") from error
    except (YAMLError, OmegaConfBaseException, OSError, ValueError) as error:
        first = first_line(error)
        raise InputError(f"{name} cannot be read: {first}. {advice}") from error
    if not isinstance(declared, DictConfig):
        raise InputError(f"{name} declares no keys: write each line as 'key: value'.")
    for key in declared:
        if not isinstance(key, str):
            raise InputError(f"{name} has a key that is not a name: {key!r}. {advice}")
    return declared


def _unknown_to(model: type[BaseModel], given: dict[str, Any]) -> Iterator[str]:
    """Find the keys, nested ones too, that a model does not have."""
    for key, value in given.items():
        if key not in model.model_fields:
            yield str(key)
        elif isinstance(value, dict) and (inner := _inner(model, key)):
            yield from (f"{key}.{name}" for name in _unknown_to(inner, value))


def _known_to(model: type[BaseModel]) -> Iterator[str]:
    for key in model.model_fields:
        yield key
        if inner := _inner(model, key):
            yield from (f"{key}.{name}" for name in _known_to(inner))


def _inner(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    annotation = model.model_fields[key].annotation
    # Of models by name, the names are the user's.
    kinds = (annotation, *get_args(annotation)) if get_origin(annotation) is not dict else ()
    found = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return next(found, None)


def _keys(value: Any) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else []


def _file_of(name: str, config: Files, key: str) -> str:
    """Find the file that declares a key."""
    declared = {file: read_file(file, path) for file, path in config.files(key)}
    for file, keys in declared.items():
        if OmegaConf.select(keys, name, throw_on_resolution_failure=False) is not None:
            return file
    top = name.split(".", maxsplit=1)[0]
    return next((file for file, keys in declared.items() if top in keys), "the configuration")


def _refuse(
    name: str, candidates: Iterable[str], file: str, global_names: Collection[str] = ()
) -> NoReturn:
    if name in global_names:
        raise InputError(f"'{name}' in {file} is a global: set it in conf/local/globals.yml.")
    scores = {one: _similarity(name, one) for one in [*candidates, *global_names]}
    best = max(scores.values())
    equal = sorted(one for one, score in scores.items() if score == best)
    nearest = [one for one in equal if "." not in one] or equal
    advice = "remove it."
    if best >= _ALIKE:
        named = " or ".join(f"'{one}'" for one in nearest)
        where = " in conf/local/globals.yml" if set(nearest) <= set(global_names) else ""
        advice = f"did you mean {named}{where}?"
    raise InputError(f"Unknown key '{name}' in {file}: {advice}")


def _similarity(name: str, candidate: str) -> float:
    """Compare a key with a candidate, or with the last part of a nested one."""
    from rapidfuzz.distance import Levenshtein

    parts = (candidate, candidate.rpartition(".")[2]) if "." not in name else (candidate,)
    return max(Levenshtein.normalized_similarity(name, part) for part in parts)
