"""Kedro's commands as this project has them."""

from __future__ import annotations

import errno
import getpass
import os
import socket
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import LOGGING

from lookbook.assistant.types import ANSWER_METHODS, AnswerMethod
from lookbook.config_loader import unpack
from lookbook.errors import InputError
from lookbook.failures import check_selection, in_a_sentence

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext


@click.group(name="Lookbook")
def cli() -> None:
    """Lookbook's commands."""


PHOTOS = click.Option(
    ["--photos"], metavar="FOLDER", help="The folder of photos, whatever signs its name has."
)


def _params_option() -> click.Parameter:
    """Return Kedro's own option, with advice for a comma in a folder's name."""
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
    """Add a folder to the parameters: Kedro's own parser takes a comma for the next one."""
    return {**(params or {}), **({"photos": photos} if photos is not None else {})}


def _run(photos: str | None = None, **options: Any) -> Any:
    options["params"] = _with_photos(options["params"], photos)
    with in_a_sentence():
        configure_logging(options["conf_source"])
        check_selection(options)
        return kedro_run.callback(**options) if kedro_run.callback else None


PARAMS = _params_option()
OTHER_OPTIONS = [option for option in kedro_run.params if option.name != "params"]
# Kedro's own `run`, options and all, but bad input ends in a sentence and not a traceback.
run = click.Command(
    "run",
    callback=_run,
    params=[*OTHER_OPTIONS, PARAMS, PHOTOS],
    help="Run the pipeline.",
    epilog=kedro_run.epilog,
)
cli.add_command(run)


def configure_logging(conf_source: str | None) -> None:
    """Log as a configuration elsewhere says; Kedro looks for one in the working directory alone.

    Args:
        conf_source: A folder or an archive.
    """
    if conf_source is None or "KEDRO_LOGGING_CONFIG" in os.environ:
        return
    folder = unpack(conf_source) if Path(conf_source).is_file() else conf_source
    file = Path(folder) / "logging.yml"
    if file.exists():
        LOGGING.configure(yaml.safe_load(file.read_text(encoding="utf-8")))
        LOGGING.set_project_logging(__package__ or "lookbook")


def check_port(host: str, port: int) -> None:
    """Check that a page can be served at an address, before anything is loaded for it.

    Raises:
        InputError: If it cannot.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"Port {port} is in use: name another with --port.") from error
        raise InputError(f"No page can be served at '{host}': name another with --host.") from error


def _context(conf_source: str | None, env: str | None, params: dict[str, Any]) -> KedroContext:
    """Open the project as a page needs it."""
    from kedro.framework.session import KedroSession

    session: Any = KedroSession.create(
        Path.cwd(), env=env, conf_source=conf_source, runtime_params=params
    )
    with session:
        context: KedroContext = session.load_context()
        return context


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
    conf_source: str | None,
    env: str | None,
    params: dict[str, Any],
    photos: str | None,
) -> None:
    """Open the shopping assistant's page over the index there is."""
    user, _, password = (auth or "").partition(":")
    if auth and not (user and password):
        raise click.UsageError("--auth takes a name and a password, as USER:PASSWORD")
    chosen = {"method": method, "embedder": table}
    launch = {
        "server_name": host,
        "server_port": port,
        "share": share,
        "auth": (user, password) if auth else None,
    }
    with in_a_sentence():
        configure_logging(conf_source)
        check_port(host, port)
        from lookbook.server.launch import serve
        from lookbook.shop import Shop

        given = _with_photos(params, photos)
        shop = Shop(Path.cwd(), env=env, conf_source=conf_source, params=given)
        shop.check_index()
        assistant = shop.assistant
        if shop.indexed_photos and "photos" in given and not assistant.examples(1):
            raise InputError(
                f"No photo of the index is in '{given['photos']}': it was made of "
                f"'{shop.indexed_photos}'. First run 'kedro run --photos={given['photos']}'."
            )
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
    conf_source: str | None,
    env: str | None,
    params: dict[str, Any],
    photos: str | None,
) -> None:
    """Open the page on which people decide what is doubtful in the catalogue."""
    pairs = [tuple(one.split(":", 1)) for one in (auth or "").split(",") if one]
    if not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise click.UsageError("--auth takes names and passwords, as USER:PASSWORD,USER:PASSWORD")
    given = _with_photos(params, photos)
    launch = {"server_name": host, "server_port": port, "auth": pairs or None}
    with in_a_sentence():
        configure_logging(conf_source)
        check_port(host, port)
        from kedro.framework.session import KedroSession

        from lookbook.review.page import serve
        from lookbook.review.session import ReviewSession
        from lookbook.shop import component_loader

        session: Any = KedroSession.create(
            Path.cwd(), env=env, conf_source=conf_source, runtime_params=given
        )
        with session:
            session.run(pipeline_names=["review"])
        catalog = _context(conf_source, env, given).catalog
        load = component_loader(catalog)
        session = ReviewSession(
            load("full_catalogue"),
            load("review_queue"),
            load("probabilities"),
            load("photo_files"),
            catalog["corrections"],
            load("schema"),
        )
        serve(session, who or getpass.getuser(), launch)


# Environment, configuration and parameters are Kedro's own options of `run`.
_PROJECT_OPTIONS = [one for one in OTHER_OPTIONS if one.name in ("env", "conf_source")]
for command in (demo, review):
    command.params += [*_PROJECT_OPTIONS, PARAMS, PHOTOS]
