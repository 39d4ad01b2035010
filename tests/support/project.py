"""A project as a user has it, and what tests do with it."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir, contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import Version

from lookbook.assistant.assistant import Assistant
from lookbook.datasets.catalogue_search_dataset import CatalogueSearchDataset
from lookbook.lazy import pd
from lookbook.photos.drawing import draw_garment
from lookbook.photos.sampling import BalanceParams
from lookbook.pipelines.ingest.nodes import collect_inspections, inspect_photos
from lookbook.pools import LocalPool
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.shop import component_loader
from lookbook.understanding.learned_stylist import LearnedStylist
from lookbook.understanding.phrases import ProductPhrases, read_phrases
from lookbook.understanding.replies import read_replies
from lookbook.understanding.shop_facts import read_shop_facts
from lookbook.understanding.vocabulary import read_vocabulary
from processes import serve_kedro, start

ROOT = Path(__file__).parent.parent.parent


def make_project(folder: Path) -> Path:
    """Lays out a project as a user has it, with data of its own."""
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local"))
    shutil.copytree(ROOT / "data/01_raw/sample", folder / "data/01_raw/sample")
    (folder / "conf/local").mkdir()
    (folder / "src").mkdir()
    # Not copied, or each project would have to be compiled.
    (folder / "src/lookbook").symlink_to(ROOT / "src/lookbook")
    return folder


def copy_project(project: Path, folder: Path) -> Path:
    """Lays out a project with the data of another."""
    shutil.copytree(project / "data", make_project(folder) / "data", dirs_exist_ok=True)
    return folder


def configuration(name: str) -> dict[str, Any]:
    """Reads a file of ``conf/base`` as it stands."""
    return yaml.safe_load((ROOT / f"conf/base/{name}.yml").read_text())


def balance_params(preset: str = "everything") -> BalanceParams:
    """Reads how photos are chosen under a preset, as ``conf/base`` declares it."""
    written = configuration("parameters_balance")
    chosen = {"drop_kids": written["_drop_kids"][preset], "cap": written["_photo_cap"][preset]}
    return BalanceParams.model_validate({**written["balance"], **chosen})


def declared_fields(details: bool = True) -> dict[str, Any]:
    """Reads the declared fields, with all of them or the recipe's alone."""
    declared = configuration("schema")["schema"]
    return {
        name: {**attribute, "enabled": details} if "enabled" in attribute else attribute
        for name, attribute in declared.items()
    }


def assistant_of(project: Path, kind: Callable[..., Assistant] = Assistant) -> Any:
    """Opens a project's assistant, as `kedro demo` does."""
    bootstrap_project(ROOT)
    with KedroSession.create(project) as session:
        catalog = session.load_context().catalog
        return kind(component_loader(catalog), catalog["search_index"].newest)


def answer_of(assistant: Any, upload: bytes | None, message: str, **changes: Any) -> dict[str, Any]:
    """Answers one turn as JSON, with what the assistant understood and searched."""
    params = assistant.params.model_copy(update=changes)
    photo = assistant.see(upload, params) if upload is not None else None
    turn, found = assistant.recommend(photo, message, [], params)
    return {
        "item": photo and photo.record,
        "request": turn.request.model_dump(),
        "plan": turn.plan.model_dump(),
        "recommendations": [one.to_dict(assistant.schema) for one in found.items],
        "outfits": [outfit.to_dict() for outfit in found.outfits],
        "needs": found.needs,
        "reply": "".join(assistant.reply(turn, found.items)),
    }


def load_tables(project: Path, env: str, names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Loads tables of a project, wherever an environment keeps them."""
    bootstrap_project(ROOT)
    with chdir(project), KedroSession.create(project, env=env) as session:
        catalog = session.load_context().catalog
        return {name: catalog.load(name) for name in names}


def usual_phrases() -> ProductPhrases:
    """Read the phrases around prices and sizes, as the project ships them."""
    return read_phrases(str(ROOT / "conf/base/phrases.yml"))


def open_search(project: Path) -> CatalogueSearch:
    """Open the newest index of a project, as its catalog does."""
    return CatalogueSearchDataset(
        filepath=str(project / "data/07_model_output/lancedb"),
        embedders=configuration("globals")["embedders"],
        weights=configuration("globals")["search_weights"],
        version=Version(None, None),
    ).load()


@cache
def bundled_stylist() -> LearnedStylist:
    """Return the stylist that the project ships."""
    base = ROOT / "conf/base"
    return LearnedStylist(
        read_vocabulary(str(base / "vocabulary.csv")),
        usual_phrases(),
        read_replies(str(base / "replies.yml")),
        read_shop_facts(str(base / "shop_facts.yml")),
    )


def shared_cases(name: str) -> list[Any]:
    """Reads real-world cases from the folder that LOOKBOOK_CASES names, each a test's parameter.

    Of a folder each case is a folder in it.
    """
    folder = os.environ.get("LOOKBOOK_CASES")
    if not folder:
        reason = "LOOKBOOK_CASES names no folder of cases"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]
    if (Path(folder) / name).is_dir():
        folders = sorted(path for path in (Path(folder) / name).iterdir() if path.is_dir())
        return [pytest.param(path, id=path.name) for path in folders]
    lines = (Path(folder) / name).read_text().splitlines()
    return [pytest.param(case, id=case["name"]) for case in map(json.loads, lines)]


@contextmanager
def serving_kedro(project: Path, *arguments: str) -> Iterator[str]:
    """Serves ``kedro ...`` of a project, until it is no longer looked at; gives its address."""
    port = free_port()
    log = project / f"served-{port}.txt"
    process = start(partial(serve_kedro, project, (*arguments, f"--port={port}"), log))
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    try:
        while time.monotonic() < deadline and process.exitcode is None:
            try:
                httpx.get(address)
                break
            except httpx.TransportError:
                process.join(0.1)
        assert process.exitcode is None, log.read_text()[-3000:]
        yield address
    finally:
        # Kedro-Viz serves from a process of its own.
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            process.join(20)


def kill_server(address: str) -> None:
    """Kill the whole group of the process that serves at an address."""
    port = urlsplit(address).port
    listener = next(
        child.pid
        for child in psutil.Process().children(recursive=True)
        for one in child.net_connections("tcp")
        if one.laddr.port == port and one.status == psutil.CONN_LISTEN
    )
    os.killpg(os.getpgid(listener), signal.SIGKILL)


def measure(files: dict[str, Any], params: Any, known: dict[str, Any] | None = None) -> Any:
    """Measures photos as ``ingest`` does: the table, and the shards that were written for it."""
    shards = dict(known or {})
    for shard in inspect_photos(files, shards, LocalPool(2), params):
        shards |= {name: lambda table=table: table for name, table in shard.items()}
    return collect_inspections(files, shards, params), shards


def states_reset_on_load(address: str) -> set[int]:
    """List the states that opening a page resets, maybe after the first event has set them."""
    config = httpx.get(f"{address.rstrip('/')}/config").json()
    states = {one["id"] for one in config["components"] if one["type"] == "state"}
    assert states
    on_load = [
        one for one in config["dependencies"] if any(event == "load" for _, event in one["targets"])
    ]
    return set().union(*(states & {*one["outputs"]} - {*one["inputs"]} for one in on_load))


def keep_screenshots(page: Any, name: str) -> None:
    """Keeps pictures of a page where some are wanted, as a continuous integration does."""
    if kept := os.environ.get("LOOKBOOK_ARTIFACTS"):
        for width, height in [(1440, 1000), (390, 844)]:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(300)
            page.screenshot(path=Path(kept) / "screenshots" / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 1000})


def free_port() -> int:
    """Finds a port that nothing listens on, and that Kedro-Viz takes."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@cache
def jpeg(
    label: str = "Shirt", colour: str = "blue", pattern: str = "plain", seed: int = 0
) -> bytes:
    """Draws a garment and encodes it; a drawing takes a tenth of a second."""
    buffer = io.BytesIO()
    draw_garment(label, colour, pattern, seed).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def succeed(result: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result


def versions(project: Path, name: str) -> list[str]:
    """Lists the versions of a file of the project's data, the oldest first."""
    return sorted(folder.name for folder in next(project.glob(f"data/*/{name}")).iterdir())


def latest(project: Path, name: str) -> Path:
    return next(project.glob(f"data/*/{name}/{versions(project, name)[-1]}/{name}"))


def report(project: Path, step: str) -> dict:
    return json.loads(latest(project, f"{step}_report.json").read_text())


def table(project: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(latest(project, f"{name}.csv"), keep_default_na=False)
