"""Kedro's commands as this project has them."""

from __future__ import annotations

import functools
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from lookbook.errors import InputError


@click.group(name="Lookbook")
def cli() -> None:
    """Lookbook's commands."""


def _explain(error: BaseException | None) -> str | None:
    """Finds the sentence meant for the user behind an exception, if there is one."""
    while error is not None:
        if isinstance(error, InputError):
            return str(error)
        error = error.__cause__ or error.__context__
    return None


@functools.wraps(kedro_run.callback or (lambda: None))
def _run(**options: Any) -> Any:
    try:
        return kedro_run.callback(**options) if kedro_run.callback else None
    except Exception as error:
        sentence = _explain(error)
        if sentence is None:
            raise
        raise click.ClickException(sentence) from None


# Kedro's own `run`, options and all, but bad input ends in a sentence and not a traceback.
cli.add_command(
    click.Command(
        "run",
        callback=_run,
        params=kedro_run.params,
        help="Run the pipeline.",
        epilog=kedro_run.epilog,
    )
)
