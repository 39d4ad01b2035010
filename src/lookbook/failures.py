"""Errors that a user can do something about, each told in one sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.project import pipelines
from kedro.io.core import DatasetNotFoundError, VersionNotFoundError
from kedro.pipeline import Pipeline
from kedro.utils import load_obj
from kedro.validation.exceptions import ParameterValidationError

from lookbook.errors import InputError, causes

# As the operating system, Arrow and Lance alike say it.
_NO_SPACE = os.strerror(errno.ENOSPC)
DISK_FULL = (
    "The disk is full. What was finished is kept, captions to the last file: make room, and type "
    "the same again."
)


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """End a command with a sentence, and no traceback, where the user can do something."""
    try:
        yield
    except Exception as error:
        if (sentence := sentence_of(error)) is not None:
            raise click.ClickException(sentence) from None
        raise


def sentence_of(error: BaseException) -> str | None:
    """Return what a user reads of an error; ``None`` for a defect, whose traceback is needed."""
    for cause in causes(error):
        if isinstance(cause, InputError | ParameterValidationError | MissingConfigException):
            return str(cause)
        if _NO_SPACE in str(cause):
            return DISK_FULL
        if isinstance(cause, VersionNotFoundError | DatasetNotFoundError):
            return " ".join(str(cause).split())
        if isinstance(cause, PermissionError) and cause.filename:
            return f"'{cause.filename}' cannot be read or written: {cause.strerror}."
    return None


def check_selection(options: dict[str, Any]) -> None:
    """Check the runner, pipelines and nodes that a command names.

    Args:
        options: Those of ``kedro run``.

    Raises:
        InputError: If there is none of a name; it suggests the nearest.
    """
    runner = options["runner"] or "SequentialRunner"
    try:
        load_obj(runner, "kedro.runner")
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"There is no runner '{runner}': leave --runner out, or take ThreadRunner."
        ) from error
    pipelines.set_requested(None)
    registered = dict(pipelines)
    names = options["pipelines"] or [options["pipeline"] or "__default__"]
    for name in names:
        if name not in registered:
            advice = _nearest(name, [*registered]) or f"There are {', '.join(sorted(registered))}."
            raise InputError(f"There is no pipeline '{name}'. {advice}")
    selected = sum((registered[name] for name in names), Pipeline([]))
    nodes = [node.name for node in selected.nodes]
    for name in (*options["node_names"], *options["from_nodes"], *options["to_nodes"]):
        if name not in nodes:
            advice = _nearest(name, nodes) or "'kedro registry describe' lists them."
            raise InputError(f"There is no node '{name}' in this run. {advice}")
    try:
        selected.filter(
            tags=options["tags"],
            from_nodes=options["from_nodes"],
            to_nodes=options["to_nodes"],
            node_names=options["node_names"],
            from_inputs=options["from_inputs"],
            to_outputs=options["to_outputs"],
            node_namespaces=options["namespaces"],
        )
    except ValueError as error:
        raise InputError(" ".join(str(error).split())) from error


def _nearest(name: str, names: list[str]) -> str:
    """Suggest the name that is most like a mistyped one, if any is."""
    close = get_close_matches(name, names, 1)
    return f"Did you mean '{close[0]}'?" if close else ""
