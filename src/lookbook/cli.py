"""Kedro's commands as this project has them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.validation.exceptions import ParameterValidationError

from lookbook.errors import InputError, causes
from lookbook.retrieval import METHODS, Method


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


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 to be seen by all.")
@click.option("--port", type=click.IntRange(1, 65535), default=7860, show_default=True)
@click.option(
    "--auth",
    envvar="LOOKBOOK_DEMO_AUTH",
    metavar="USER:PASSWORD",
    help="Ask visitors for these; or set LOOKBOOK_DEMO_AUTH.",
)
@click.option("--share", is_flag=True, help="Open a public link through Gradio's servers.")
@click.option("--method", type=click.Choice(METHODS), help="How to search when a page is opened.")
@click.option("--table", help="The embedding model whose table is searched, of 'embedders'.")
def demo(
    host: str,
    port: int,
    auth: str | None,
    share: bool,
    method: Method | None,
    table: str | None,
    env: str | None,
    params: dict[str, Any],
) -> None:
    """Open the shopping assistant's page over the index there is."""
    user, _, password = (auth or "").partition(":")
    if auth and not (user and password):
        raise click.UsageError("--auth takes a name and a password, as USER:PASSWORD")
    from lookbook.demo import serve

    try:
        serve(
            Path.cwd(),
            env,
            params,
            {"method": method, "embedder": table},
            {
                "server_name": host,
                "server_port": port,
                "share": share,
                "auth": (user, password) if auth else None,
            },
        )
    except (InputError, OSError) as error:
        raise click.ClickException(str(error)) from None


# Environment and parameters are Kedro's own options of `run`.
demo.params += [option for option in kedro_run.params if option.name in ("env", "params")]
