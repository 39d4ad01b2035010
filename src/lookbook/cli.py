"""The commands that this project adds to Kedro's: `demo`, `doctor`, `mcp` and `review`."""

from __future__ import annotations

import errno
import getpass
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.project import run

from lookbook.assistant.methods import ANSWER_METHODS, AnswerMethod
from lookbook.errors import InputError
from lookbook.failures import without_traceback
from lookbook.photo_source import with_photos

if TYPE_CHECKING:
    from lookbook.shop import Shop

# Any command of Kedro's that fails of what a user can correct ends in a sentence. Kedro's logging
# has set up its own hook before, which shows the traceback of all other errors.
sys.excepthook = without_traceback(sys.excepthook)


@click.group(name="Lookbook")
def cli() -> None:
    """Lookbook's commands."""


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
            raise InputError(f"Port {port} is in use. Name another with --port.") from error
        raise InputError(f"Cannot serve at '{host}'. Name another address with --host.") from error


def _served_at(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options that say where a page is served."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        ports, address = click.IntRange(1, 65535), "Address to listen on; 0.0.0.0 for all machines."
        at_port = click.option(
            "--port", type=ports, default=port, show_default=True, help="Port to listen on."
        )
        at_host = click.option("--host", default="127.0.0.1", show_default=True, help=address)
        return at_host(at_port(command))

    return add


@cli.command()
@_served_at(7860)
@click.option(
    "--auth",
    envvar="LOOKBOOK_DEMO_AUTH",
    show_envvar=True,
    metavar="USER:PASSWORD",
    help="Name and password that visitors must enter.",
)
@click.option(
    "--api-keys",
    envvar="LOOKBOOK_API_KEYS",
    show_envvar=True,
    metavar="NAME:KEY,…",
    help="Keys that programs and agents must send.",
)
@click.option(
    "--root-path", metavar="PATH", help="Path under which a proxy serves it, such as /stylist."
)
@click.option("--share", is_flag=True, help="Open a public link through Gradio's servers.")
@click.option(
    "--method", type=click.Choice(ANSWER_METHODS), help="Search method of requests that name none."
)
@click.option("--table", help="Embedding model to search with: a name under 'embedders'.")
def demo(
    host: str,
    port: int,
    auth: str | None,
    api_keys: str | None,
    root_path: str | None,
    share: bool,
    method: AnswerMethod | None,
    table: str | None,
    conf_source: str | None,
    env: str | None,
    params: dict[str, Any],
) -> None:
    """Serve the shopping assistant: page, widget, JSON API and agents' tools."""
    users = _pairs(auth, "--auth must be a name and a password: USER:PASSWORD")
    keys = _pairs(api_keys, "--api-keys must be names and keys: NAME:KEY,NAME:KEY")
    if root_path is not None and not re.fullmatch(r"(/[^/?#\s]+)*/?", root_path):
        raise click.UsageError("--root-path must be a path, such as /stylist")
    check_port(host, port)
    from lookbook.server.launch import serve
    from lookbook.server.secrets import Secrets

    given = with_photos(params)
    shop = _open_shop(env, conf_source, given)
    server = shop.load("server")
    if root_path is not None:
        server = server.model_copy(update={"root_path": root_path.rstrip("/")})
    configured = {"method": method, "embedder": table}
    update = {name: value for name, value in configured.items() if value is not None}
    serving = shop.assistant.params.model_copy(update=update)
    known = Secrets(users[0] if users else None, dict(keys))
    serve(shop.assistant, serving, server, known, host, port, share)


@cli.command()
def mcp(conf_source: str | None, env: str | None, params: dict[str, Any]) -> None:
    """Serve the shop's tools to an agent on this machine (MCP over stdin and stdout)."""
    # Only messages may go to the standard output.
    from lookbook.server.stdio import serve_stdio

    shop = _open_shop(env, conf_source, with_photos(params))
    serve_stdio(shop.assistant)


@cli.command()
def doctor(conf_source: str | None, env: str | None, params: dict[str, Any]) -> None:
    """Check versions, disk, configuration, models, index and photos; say what to mend."""
    from lookbook.doctor import examine
    from lookbook.shop import Shop

    def open_shop() -> Shop:
        return Shop(Path.cwd(), env=env, conf_source=conf_source, params=with_photos(params))

    marks = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}
    errors = 0
    for finding in examine(open_shop, Path("data")):
        mark, colour = marks[finding.outcome]
        click.echo(f"{click.style(mark, colour)} {finding.check}: {finding.sentence}")
        errors += finding.outcome == "error"
    if errors:
        raise click.exceptions.Exit(1)


def _open_shop(env: str | None, conf_source: str | None, given: dict[str, Any]) -> Shop:
    """Open the project in this folder.

    Raises:
        InputError: If there is no index, or it was made of other photos than those given.
    """
    from lookbook.shop import Shop

    shop = Shop(Path.cwd(), env=env, conf_source=conf_source, params=given)
    shop.check_index()
    if shop.indexed_photos and "photos" in given and not shop.assistant.examples(1):
        raise InputError(
            f"No photo of the index is in '{given['photos']}'. The index was made of "
            f"'{shop.indexed_photos}'. Run 'kedro run --params=photos={given['photos']}' first."
        )
    return shop


def _pairs(text: str | None, usage: str) -> list[tuple[str, str]]:
    """Split ``A:B,C:D`` into pairs.

    Raises:
        UsageError: If a pair lacks one half.
    """
    pairs = [one.split(":", 1) for one in (text or "").split(",") if one]
    if not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise click.UsageError(usage)
    return [(first, second) for first, second in pairs]


@cli.command()
@_served_at(7861)
@click.option(
    "--auth",
    envvar="LOOKBOOK_REVIEW_AUTH",
    show_envvar=True,
    metavar="USER:PASSWORD,…",
    help="Names and passwords of those who may review.",
)
@click.option("--who", help="Your name in the corrections, if --auth names nobody.")
@click.option("--messages", is_flag=True, help="Label messages that were not understood.")
def review(
    host: str,
    port: int,
    auth: str | None,
    who: str | None,
    messages: bool,
    conf_source: str | None,
    env: str | None,
    params: dict[str, Any],
) -> None:
    """Open the page on which people check doubtful values of the catalogue."""
    pairs = _pairs(auth, "--auth must be names and passwords: USER:PASSWORD,USER:PASSWORD")
    given = with_photos(params)
    launch = {"server_name": host, "server_port": port, "auth": pairs or None}
    check_port(host, port)
    if messages:
        _label_messages(env, conf_source, params, launch)
        return
    from kedro.framework.session import KedroSession

    from lookbook.review.launch import serve
    from lookbook.review.page import PICTURE, ReviewPage
    from lookbook.review.session import ReviewSession
    from lookbook.server.routes import Routes
    from lookbook.shop import component_loader, open_context

    session: Any = KedroSession.create(
        Path.cwd(), env=env, conf_source=conf_source, runtime_params=given
    )
    with session:
        session.run(pipeline_names=["review"])
    catalog = open_context(Path.cwd(), env, conf_source, given).catalog
    load = component_loader(catalog)
    session = ReviewSession(
        load("full_catalogue"),
        load("review_queue"),
        load("item_probabilities"),
        load("provenance"),
        load("photo_files"),
        catalog["corrections"],
        load("schema"),
    )
    page = ReviewPage(session, who or getpass.getuser()).build()
    serve(page, launch, Routes(session, PICTURE).all())


def _label_messages(
    env: str | None, conf_source: str | None, params: dict[str, Any], launch: dict[str, Any]
) -> None:
    """Open the page on which people say what kept messages mean.

    Raises:
        InputError: If no message was kept.
    """
    from lookbook.review.launch import serve
    from lookbook.review.message_page import MessagePage
    from lookbook.review.message_session import MessageSession
    from lookbook.shop import component_loader, open_context

    catalog = open_context(Path.cwd(), env, conf_source, params).catalog
    if not catalog.exists("kept_messages"):
        raise InputError(
            "No message was kept. Set serving.keep_messages to true in "
            "conf/local/parameters_serving.yml. Then serve customers with 'kedro demo'."
        )
    load = component_loader(catalog)
    schema, stylist = load("schema"), load("stylist")
    session = MessageSession(
        catalog["kept_messages"],
        catalog["message_labels"],
        catalog["shop_messages"],
        lambda conversation: stylist.understand(conversation, schema),
        schema,
    )
    serve(MessagePage(session).build(), launch)


# Environment, configuration and parameters are Kedro's own options of `run`.
_PROJECT_OPTIONS = [one for one in run.params if one.name in ("env", "conf_source", "params")]
for command in (demo, doctor, mcp, review):
    command.params += _PROJECT_OPTIONS
