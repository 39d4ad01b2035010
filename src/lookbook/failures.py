"""Errors that a user can correct, each told in one sentence."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable
from types import TracebackType

import click
from kedro.config import MissingConfigException
from kedro.io.core import DatasetNotFoundError, VersionNotFoundError
from kedro.validation.exceptions import ParameterValidationError

from lookbook.errors import InputError, causes

# As the operating system, Arrow and Lance alike say it.
_NO_SPACE = os.strerror(errno.ENOSPC)
DISK_FULL = "The disk is full. Finished work is kept. Make room, then run the same command again."
Show = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def without_traceback(show: Show) -> Show:
    """Return an exception hook that prints a sentence where there is one.

    Args:
        show: The hook for all other errors.
    """

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if (sentence := sentence_of(error)) is None:
            show(kind, error, trace)
        else:
            click.echo(f"Error: {sentence}", err=True)

    return hook


def sentence_of(error: BaseException) -> str | None:
    """Return an error's sentence for users; ``None`` for a defect, whose traceback is needed."""
    for cause in causes(error):
        if isinstance(cause, InputError | ParameterValidationError | MissingConfigException):
            return str(cause)
        if _NO_SPACE in str(cause):
            return DISK_FULL
        if isinstance(cause, VersionNotFoundError | DatasetNotFoundError):
            return " ".join(str(cause).split())
        if isinstance(cause, PermissionError) and cause.filename:
            return f"'{cause.filename}' cannot be read or written: {cause.strerror}."
    return _selection_sentence(error)


def _selection_sentence(error: BaseException) -> str | None:
    """Return Kedro's own sentence about nodes or a runner that do not exist."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    modules = [str(frame.f_globals.get("__name__")) for frame in frames]
    is_kedros = any(name.startswith(("kedro.pipeline.", "kedro.framework.")) for name in modules)
    if not is_kedros or not isinstance(error, ValueError | AttributeError | ImportError):
        return None
    # Once a node runs, an error is the node's.
    if any(name.startswith(("kedro.runner.", "lookbook.")) for name in modules):
        return None
    return " ".join(str(error).split())
