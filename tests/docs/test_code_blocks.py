"""Every code block of the documentation runs, parses, or names the test that runs it."""

import json
import re
import runpy
import shlex
import subprocess
from collections import defaultdict
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import yaml
from kedro.framework.cli.project import run
from kedro.framework.project import settings
from kedro.framework.startup import bootstrap_project
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

import lookbook
from lookbook.captioners import Prompt
from lookbook.cli import cli
from lookbook.config_keys import check_parameters, parameter_models
from lookbook.config_loader import ConfigLoader, merge
from lookbook.photos.photo import Photo
from lookbook.pipeline_registry import pipeline_names
from lookbook.understanding.shop_facts import read_shop_facts
from lookbook.understanding.vocabulary import read_vocabulary
from processes import ENVIRONMENT
from project import ROOT, jpeg

# The pages of docs/notebooks are rendered, and their code is run by tests/test_notebooks.py.
WRITTEN = [
    page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "notebooks"
]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *WRITTEN]
GUIDE = ROOT / "docs/development.md"
# Its clients are run against a server.
CLIENTS = ROOT / "docs/how-to/api.md"
CLIENTS_TEST = "tests/server/test_examples.py"

SHELL = ("", "bash", "console", "shell")
PROGRAMS = (
    "make ",
    "kedro ",
    "curl ",
    "docker ",
    "python ",
    "source ",
    "git ",
    "pip ",
    "lookbook ",
)
# Languages that nothing here checks, and the tests that run their blocks.
LANGUAGES = {
    "nginx": "tests/server/test_launch.py",
    "js": "tests/server/test_site.py",
    "html": "tests/server/test_site.py",
}
RUN_TEST = "tests/end_to_end/test_run.py"
OTHER_COMMANDS = {
    "curl ": CLIENTS_TEST,
    "docker ": "tests/docs/test_code_blocks.py",
    "python -m lookbook": "tests/end_to_end/test_package.py",
    "source .venv/bin/activate": "Makefile",
    # Of CONTRIBUTING.md, before there is a test.
    "git clone": "CONTRIBUTING.md",
}
# The test that types each command.
COMMANDS = {
    "demo": "tests/server/test_launch.py",
    "doctor": "tests/test_doctor.py",
    "mcp": "tests/server/test_agents.py",
    "package": "tests/end_to_end/test_package.py",
    "review": "tests/review/test_page.py",
    "run": "tests/conftest.py",
    "viz": "tests/end_to_end/test_viz.py",
}
PIPELINES = {
    **dict.fromkeys(("ingest", "balance", "label", "clean", "index"), RUN_TEST),
    **dict.fromkeys(("evaluate", "prompt_trial", "review"), "tests/conftest.py"),
    "__default__": "tests/end_to_end/test_distil.py",
    "photo_trial": "tests/pipelines/photo_trial/test_nodes.py",
    "publish": "tests/end_to_end/test_publish.py",
    "export": "tests/end_to_end/test_publish.py",
    "serving": "tests/pipelines/serving/test_nodes.py",
    "explore": "tests/end_to_end/test_publish.py",
    "sample": "tests/pipelines/sample/test_nodes.py",
    **{
        name: f"tests/end_to_end/test_{name}.py"
        for name in ("products", "distil", "style", "download", "understand", "learn", "sheets")
    },
}


class Block(NamedTuple):
    """A fenced code block."""

    page: Path
    language: str
    title: str
    code: str


def blocks_of(page):
    info = re.compile(r'(?P<language>\w*)(?: title="(?P<title>[^"]+)")?[^\n]*\n')
    regions = RawFencedCodeBlockLexer(info)(Document(page.read_text("utf-8"), str(page)))
    for one in (region.lexemes for region in regions):
        yield Block(page, one["language"], one["title"] or "", str(one["source"].text))


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def where(block):
    return f"{block.page.relative_to(ROOT)}-{block.title or block.language}"


def of_language(*languages):
    return [block for block in BLOCKS if block.language in languages]


def commands():
    """List all commands: lines of shell blocks, and code in sentences and tables."""
    found = set()
    for block in of_language(*SHELL):
        lines = block.code.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        found |= {line.partition("  #")[0].strip() for line in lines if line.strip()}
    for page in PAGES:
        prose = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.DOTALL | re.M)
        inline = (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))
        found |= {code for code in inline if plain(code).startswith(PROGRAMS)}
    return sorted(plain(command) for command in found)


def plain(command):
    return re.sub(r"^(\w+=('[^']*'|\S+) )+", "", command).removeprefix(".venv/bin/")


COMMANDS_SHOWN = commands()
MADE = [one for one in COMMANDS_SHOWN if one.startswith("make ")]
KEDRO = [one for one in COMMANDS_SHOWN if one.startswith("kedro ")]
OTHERS = [one for one in COMMANDS_SHOWN if one not in MADE and one not in KEDRO]


def configure(folder):
    """Lay out the project's configuration with an empty conf/local, and open it."""
    bootstrap_project(ROOT)
    (folder / "conf/local").mkdir(parents=True)
    (folder / "conf/base").symlink_to(ROOT / "conf/base")
    return ConfigLoader(folder / "conf", **settings.CONFIG_LOADER_ARGS)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The parameters and globals of conf/base, and the configuration."""
    config = configure(tmp_path_factory.mktemp("base"))
    return config["parameters"], set(config["globals"]), config


def test_every_block_has_a_language_that_is_checked():
    checked = {*SHELL, *LANGUAGES, "python", "yaml", "json", "csv", "text"}
    assert {block.language for block in BLOCKS} <= checked
    assert len(BLOCKS) > 80


def test_every_test_that_is_named_runs_what_it_is_named_for():
    for name, path in {**COMMANDS, **PIPELINES, **LANGUAGES, **OTHER_COMMANDS}.items():
        text = (ROOT / path).read_text("utf-8")
        assert name in text or name in LANGUAGES or name in OTHER_COMMANDS, (name, path)
    assert set(pipeline_names()) <= set(PIPELINES)


@pytest.mark.parametrize("command", KEDRO)
def test_a_kedro_command_is_one(command, base):
    _, name, *arguments = shlex.split(command)
    assert name in COMMANDS, f"Name the test that types 'kedro {name}'."
    kind = {**cli.commands, "run": run}.get(name, click.Command(name))
    given = kind.make_context(name, arguments).params
    for pipeline in given.get("pipelines") or ():
        assert pipeline in PIPELINES, f"Name the test that runs '{pipeline}'."
    loaded, global_names, config = base
    assert given.get("env") in (None, "cluster", "recipe")
    params = given.get("params") or {}
    check_parameters({**loaded, **params}, params, global_names, config)


@pytest.mark.parametrize("command", MADE)
def test_a_make_command_is_one(command):
    asked = [*shlex.split(command), "--dry-run"]
    result = subprocess.run(
        asked, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert ".venv/bin/" in result.stdout
    assert ("FOLDER" in result.stdout) == ("FOLDER" in command)


def test_all_other_commands_name_what_runs_them():
    assert not [one for one in OTHERS if not one.startswith(tuple(OTHER_COMMANDS))]


def test_the_image_holds_what_the_docker_commands_start():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    for path in copied:
        assert (ROOT / path).exists() and f"!{path}" in let_through, path
    entry = next(line for line in lines if line.startswith("ENTRYPOINT "))
    kedro, name, *arguments = json.loads(entry.removeprefix("ENTRYPOINT "))
    assert kedro == "kedro"
    cli.commands[name].make_context(name, [*arguments, "--params=photos=/photos"])


def yaml_pages():
    """Map pages to the configuration files that they show."""
    pages = defaultdict(list)
    for block in of_language("yaml"):
        pages[block.page].append(block)
    return pages


@pytest.mark.parametrize("page", yaml_pages(), ids=lambda page: page.stem)
def test_the_configuration_of_a_page_can_be_used(page, tmp_path):
    blocks = yaml_pages()[page]
    config, models = configure(tmp_path), parameter_models()
    for block in blocks:
        assert block.title.startswith("conf/local/"), f'Name the file: yaml title="…" {block.code}'
        if block.code.startswith("--8<-- "):
            assert (ROOT / block.code.split('"')[1]).exists()
            continue
        path = tmp_path / block.title
        declared = yaml.safe_load(block.code)
        if path.name.startswith("shop_facts"):
            path.write_text(block.code)
            assert read_shop_facts(str(path)).topics
            continue
        # Several blocks may show one file.
        before = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump(merge(before, declared), sort_keys=False))
    parameters = config["parameters"]
    # It refers to what the globals choose.
    assert config["catalog"]
    if any("credentials" in block.title for block in blocks):
        assert config["credentials"]
    for name, model in models.items():
        if model and name in parameters:
            model.model_validate(parameters[name])


@pytest.mark.parametrize("block", of_language("json"), ids=where)
def test_a_json_block_is_json(block):
    json.loads(block.code)


@pytest.mark.parametrize("block", of_language("csv"), ids=where)
def test_a_csv_block_is_a_vocabulary(block, tmp_path):
    (tmp_path / "vocabulary.csv").write_text(block.code)
    assert read_vocabulary(str(tmp_path / "vocabulary.csv"))


open_once = cache(lookbook.open)


def python_pages():
    pages = defaultdict(list)
    for block in of_language("python"):
        pages[block.page].append(block)
    return [page for page in pages if page not in (CLIENTS, GUIDE)]


@pytest.mark.parametrize("page", python_pages(), ids=lambda page: page.stem)
def test_the_python_of_a_page_runs_and_prints_what_it_shows(page, ran, tmp_path, monkeypatch):
    # The pages share a project, whose models are loaded once.
    monkeypatch.setattr(lookbook, "open", lambda folder=None: open_once(ran[0]))
    (tmp_path / "shirt.jpg").write_bytes(jpeg("Shirt", "blue"))
    monkeypatch.chdir(tmp_path)
    parser = PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE)
    document = Document(page.read_text("utf-8"), str(page))
    for region in parser(document):
        document.add(region)
    for example in document.examples():
        example.evaluate()


def test_the_captioner_of_the_guide_captions(schema):
    (code,) = (block.code for block in blocks_of(GUIDE) if block.language == "python")
    assert len(code.splitlines()) < 40
    names: dict = {"__name__": "guide"}
    exec(code, names)
    captioner = names["TallOrWide"]()
    prompt = Prompt.compose("", "", schema)
    photos = [Photo("good", jpeg), Photo("broken", lambda: b"no photo")]
    good, broken = captioner.caption(photos, prompt)
    assert "Guessed" in good.text and good.failure is None
    assert broken.text is None and broken.failure


@pytest.mark.parametrize(
    "script",
    [*sorted((ROOT / "benchmarks").glob("*.py")), ROOT / "docs/take_pictures.py"],
    ids=lambda script: script.stem,
)
def test_whatever_measures_or_takes_pictures_finds_what_it_imports(script, monkeypatch):
    monkeypatch.syspath_prepend(script.parent)
    runpy.run_path(str(script), run_name="imported")
