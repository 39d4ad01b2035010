"""Kedro's commands as this project has them."""

from __future__ import annotations

import functools
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.validation.exceptions import ParameterValidationError

from lookbook.errors import InputError, causes


@click.group(name="Lookbook")
def cli() -> None:
    """Lookbook's commands."""


@functools.wraps(kedro_run.callback or (lambda: None))
def _run(**options: Any) -> Any:
    try:
        return kedro_run.callback(**options) if kedro_run.callback else None
    except Exception as error:
        for cause in causes(error):
            if isinstance(cause, InputError | ParameterValidationError | MissingConfigException):
                raise click.ClickException(str(cause)) from None
        raise


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
