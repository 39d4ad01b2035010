"""Kedro's commands as this project has them."""

from __future__ import annotations

import errno
import functools
import getpass
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.validation.exceptions import ParameterValidationError

from lookbook.assistant.answers import ANSWER_METHODS, AnswerMethod
from lookbook.errors import InputError, causes

if TYPE_CHECKING:
    from kedro.io import CatalogProtocol


@click.group(name="Lookbook")
def cli() -> None:
    """Lookbook's commands."""


# How the operating system, Arrow and Lance alike say it.
_NO_SPACE = os.strerror(errno.ENOSPC)
DISK_FULL = (
    "The disk is full. What was finished is kept, captions to the last file: make room, and type "
    "the same again."
)
PHOTOS = click.Option(
    ["--photos"], metavar="FOLDER", help="The folder of photos, whatever signs its name has."
)


def _params_option() -> click.Parameter:
    """Gives Kedro's own option, which says what to do about a comma in a folder's name."""
    option = copy(next(one for one in kedro_run.params if one.name == "params"))
    parse = option.callback

    def explained(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        try:
            return parse(context, parameter, value) if parse else value
        except click.ClickException as error:
            if "photos=" not in str(value):
                raise
            told = "A folder with a comma in its name is given as --photos=FOLDER."
            raise click.BadParameter(f"{error.message} {told}", context, parameter) from None

    option.callback = explained
    return option


def _with_photos(params: dict[str, Any] | None, photos: str | None) -> dict[str, Any]:
    """Adds a folder to the parameters: Kedro's own parser takes a comma for the next one."""
    return {**(params or {}), **({"photos": photos} if photos is not None else {})}


@functools.wraps(kedro_run.callback or (lambda: None))
def _run(photos: str | None = None, **options: Any) -> Any:
    options["params"] = _with_photos(options["params"], photos)
    with _told_in_a_sentence():
        return kedro_run.callback(**options) if kedro_run.callback else None


@contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    """Ends a command with a sentence, and no traceback, where the user can do something."""
    try:
        yield
    except Exception as error:
        for cause in causes(error):
            if isinstance(cause, InputError | ParameterValidationError | MissingConfigException):
                raise click.ClickException(str(cause)) from None
            if _NO_SPACE in str(cause):
                raise click.ClickException(DISK_FULL) from None
        raise


@contextmanager
def _serving() -> Iterator[None]:
    """The same for a page, whose port may be taken."""
    with _told_in_a_sentence():
        try:
            yield
        except OSError as error:
            raise click.ClickException(str(error)) from None


PARAMS = _params_option()
OTHER_OPTIONS = [option for option in kedro_run.params if option.name != "params"]
# Kedro's own `run`, options and all, but bad input ends in a sentence and not a traceback.
cli.add_command(
    click.Command(
        "run",
        callback=_run,
        params=[*OTHER_OPTIONS, PARAMS, PHOTOS],
        help="Run the pipeline.",
        epilog=kedro_run.epilog,
    )
)


def _served_at(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds the options that say where a page is served."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        seen = "0.0.0.0 to be seen by all."
        command = click.option(
            "--port", type=click.IntRange(1, 65535), default=port, show_default=True
        )(command)
        return click.option("--host", default="127.0.0.1", show_default=True, help=seen)(command)

    return add


@cli.command()
@_served_at(7860)
@click.option(
    "--auth",
    envvar="LOOKBOOK_DEMO_AUTH",
    metavar="USER:PASSWORD",
    help="Ask visitors for these; or set LOOKBOOK_DEMO_AUTH.",
)
@click.option("--share", is_flag=True, help="Open a public link through Gradio's servers.")
@click.option(
    "--method", type=click.Choice(ANSWER_METHODS), help="How to search when a page is opened."
)
@click.option("--table", help="The embedding model whose table is searched, of 'embedders'.")
def demo(
    host: str,
    port: int,
    auth: str | None,
    share: bool,
    method: AnswerMethod | None,
    table: str | None,
    env: str | None,
    params: dict[str, Any],
    photos: str | None,
) -> None:
    """Open the shopping assistant's page over the index there is."""
    user, _, password = (auth or "").partition(":")
    if auth and not (user and password):
        raise click.UsageError("--auth takes a name and a password, as USER:PASSWORD")
    from kedro.framework.session import KedroSession

    from lookbook.assistant.assistant import Assistant
    from lookbook.assistant.launch import serve

    chosen = {"method": method, "embedder": table}
    launch = {
        "server_name": host,
        "server_port": port,
        "share": share,
        "auth": (user, password) if auth else None,
    }
    with _serving():
        session: Any = KedroSession.create(
            Path.cwd(), env=env, runtime_params=_with_photos(params, photos)
        )
        with session:
            catalog = session.load_context().catalog
            assistant = Assistant(parts_of(catalog), catalog["search_index"].newest)
        configured = {name: value for name, value in chosen.items() if value is not None}
        serve(assistant, assistant.params.model_copy(update=configured), launch)


@cli.command()
@_served_at(7861)
@click.option(
    "--auth",
    envvar="LOOKBOOK_REVIEW_AUTH",
    metavar="USER:PASSWORD,…",
    help="Who may review, and under which name; or set LOOKBOOK_REVIEW_AUTH.",
)
@click.option("--who", help="Your name in the corrections, where nobody has to give one.")
def review(
    host: str,
    port: int,
    auth: str | None,
    who: str | None,
    env: str | None,
    params: dict[str, Any],
    photos: str | None,
) -> None:
    """Open the page on which people decide what is doubtful in the catalogue."""
    pairs = [tuple(one.split(":", 1)) for one in (auth or "").split(",") if one]
    if not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise click.UsageError("--auth takes names and passwords, as USER:PASSWORD,USER:PASSWORD")
    from kedro.framework.session import KedroSession

    from lookbook.review.desk import Desk
    from lookbook.review.page import serve

    given = _with_photos(params, photos)
    launch = {"server_name": host, "server_port": port, "auth": pairs or None}
    with _serving():
        session: Any = KedroSession.create(Path.cwd(), env=env, runtime_params=given)
        with session:
            session.run(pipeline_names=["review"])
        session = KedroSession.create(Path.cwd(), env=env, runtime_params=given)
        with session:
            catalog = session.load_context().catalog
            load = parts_of(catalog)
            desk = Desk(
                load("full_catalogue"),
                load("review_queue"),
                load("probabilities"),
                load("photo_files"),
                catalog["corrections"],
                load("fields"),
            )
        serve(desk, who or getpass.getuser(), launch)


for command in (demo, review):
    # Environment and parameters are Kedro's own options of `run`.
    command.params += [*(one for one in OTHER_OPTIONS if one.name == "env"), PARAMS, PHOTOS]


def parts_of(catalog: CatalogProtocol) -> Callable[[str], Any]:
    """Makes a catalog the place that an assistant's parts come from.

    Args:
        catalog: The project's.

    Returns:
        A function that loads a part by name, or raises an :class:`InputError`, see
        :class:`lookbook.assistant.assistant.Assistant`.
    """
    from kedro.io.core import VersionNotFoundError

    from lookbook.assistant.answers import ServingParams
    from lookbook.captioners import Prompt
    from lookbook.labels.fields import Fields

    logging.getLogger("kedro").setLevel(logging.WARNING)
    checked: dict[str, tuple[str, Any]] = {
        "fields": ("params:fields", Fields),
        "serving": ("params:serving", ServingParams),
        "prompt": ("prompt", Prompt),
    }

    def load(name: str) -> Any:
        try:
            if name in checked:
                dataset, model = checked[name]
                return model.model_validate(catalog.load(dataset))
            # What was loaded before may have a newer version since.
            if (dataset_of := catalog.get(name)) is not None:
                dataset_of.release()
            return catalog.load(name)
        except Exception as error:
            for cause in causes(error):
                if isinstance(cause, InputError):
                    raise cause from error
                if isinstance(cause, VersionNotFoundError):
                    raise InputError(
                        f"Nothing has been written to '{name}' yet: first run 'kedro run'."
                    ) from error
            raise

    return load
