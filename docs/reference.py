"""Reference pages, made of the code and of ``conf/base``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import getdoc
from pathlib import Path
from typing import Any

import anyio
import click
import yaml
from fastapi import FastAPI
from griffe import Docstring, DocstringSectionKind
from kedro.framework.cli.project import run
from omegaconf import OmegaConf
from pydantic import BaseModel

from lookbook.cli import cli
from lookbook.config_keys import parameter_models
from lookbook.feedback.events import FeedbackEvent
from lookbook.pipeline_registry import every_pipeline
from lookbook.publishing.feeds import google, json_ld, meta, openai, shopify
from lookbook.server import models
from lookbook.server.access import Access
from lookbook.server.agents import create_mcp
from lookbook.server.api import create_router, describe_bodies
from lookbook.server.limits import ConcurrencyLimit

ROOT = Path(__file__).parent.parent
BASE = ROOT / "conf/base"
# A longer default is one to read in its file.
_SHORT = 60
_KEY = re.compile(r"^( *)([\w.\"{}-]+):(.*)$")
_ROLE = re.compile(r":\w+:`~?([^`]+)`")
_BOUNDS = {
    "minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}",
}  # fmt: skip


def configuration() -> str:
    """Write the page of all configuration keys, with their defaults."""
    parts = [
        "# Configuration keys",
        "All keys, with their defaults and what they do. Set a key in `conf/local`, under the file "
        "name given here; everything else stays as it is. `--params=KEY=VALUE` sets one for a "
        "single command.",
        "## Globals",
        "`conf/local/globals.yml`",
        _table(("key", "default", "what it does"), _global_rows()),
    ]
    found = parameter_models()
    for path in [*sorted(BASE.glob("parameters_*.yml")), BASE / "products.yml"]:
        comments, declared = _comments(path), _declared(path)
        for name, value in declared.items():
            if name.startswith("_"):
                continue
            model = found.get(name)
            parts += [f"## {name}", f"`conf/local/{path.name}`"]
            if text := comments.get(name) or (model and _summary(model)):
                parts.append(_sentence(text))
            if model:
                rows = list(_parameter_rows(model, value, name, comments))
                parts.append(_table(("key", "type", "default", "what it does"), rows))
            else:
                parts.append(f"Default: {_default(value)}")
    return "\n\n".join(parts) + "\n"


def _global_rows() -> Iterator[tuple[str, ...]]:
    path = BASE / "globals.yml"
    comments = _comments(path)
    for name, value in _declared(path).items():
        if name.startswith("_"):
            continue
        text = comments.get(name, "")
        if isinstance(value, dict) and any(f"{name}.{key}" in comments for key in value):
            yield f"`{name}`", "", text
            for key, inner in value.items():
                yield f"`{name}.{key}`", _default(inner), comments.get(f"{name}.{key}", "")
        else:
            yield f"`{name}`", _default(value), text


def _parameter_rows(
    model: type[BaseModel], value: Any, prefix: str, comments: dict[str, str]
) -> Iterator[tuple[str, ...]]:
    texts = _field_texts(model)
    schema = model.model_json_schema()
    for name, field in schema.get("properties", {}).items():
        key = f"{prefix}.{name}"
        default = value.get(name, field.get("default")) if isinstance(value, dict) else None
        text = texts.get(name) or comments.get(key, "")
        inner = _inner_model(model, name)
        shown = "" if inner and isinstance(default, dict) else _default(default)
        yield f"`{key}`", _type(field), shown, text
        if inner:
            yield from _parameter_rows(inner, default, key, comments)


def _inner_model(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    annotation = model.model_fields[name].annotation
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def attributes() -> str:
    """Write the page of the declared attributes and their values."""
    parts = [
        "# Attributes",
        "What the catalogue says of an item, as `conf/base/schema.yml` declares it. "
        "[Your own attributes](../how-to/customize.md) go into `conf/local/schema.yml`.",
    ]
    for name, declared in _declared(BASE / "schema.yml")["schema"].items():
        facts = [f"Kind: {declared['kind']}."]
        if default := declared.get("default"):
            facts.append(f"Where none can be told: `{default}`.")
        if "enabled" in declared:
            facts.append("Left out with `details: false`.")
        parts += [f"## {name}", _sentence(declared["description"]), " ".join(facts)]
        values = declared.get("values")
        if isinstance(values, list):
            parts.append(", ".join(f"`{value}`" for value in values))
        elif values:
            parts.append(_table(*_value_rows(values)))
    return "\n\n".join(parts) + "\n"


def _value_rows(values: dict[str, Any]) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
    names = ["slot", "implies", "compatible_with", "all_of"]
    names = [name for name in names if any(name in (one or {}) for one in values.values())]
    rows = (
        (f"`{value}`", *(_plain((one or {}).get(name)) for name in names),
         _plain((one or {}).get("synonyms")))
        for value, one in values.items()
    )  # fmt: skip
    return ("value", *(name.replace("_", " ") for name in names), "other words"), rows


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def catalog() -> str:
    """Write the page of all tables and files, and of the pipelines that write and read them."""
    pipelines = every_pipeline()
    parts = [
        "# Catalog",
        "Every table and file of a project, where it is, and which pipelines write and read it. "
        '`catalog.load("NAME")` loads the newest version in a notebook.',
    ]
    for path in [*sorted(BASE.glob("catalog_*.yml")), BASE / "catalog.yml"]:
        comments = _comments(path)
        title = path.stem.removeprefix("catalog").strip("_") or "Reports, plots and sheets"
        rows = [
            (f"`{name}`", f"`{entry['filepath']}`" if "filepath" in entry else "",
             _users(name, pipelines, "outputs"), _users(name, pipelines, "inputs"),
             comments.get(name, ""))
            for name, entry in _declared(path).items()
            if not name.startswith("_") and isinstance(entry, dict)
        ]  # fmt: skip
        parts += [
            f"## {title}",
            f"`conf/base/{path.name}`",
            _table(("entry", "where", "written by", "read by", "what it is"), rows),
        ]
    return "\n\n".join(parts) + "\n"


def _users(name: str, pipelines: dict[str, Any], side: str) -> str:
    pattern = re.compile(re.sub(r"\\\{\w+\\\}", r"\\w+", re.escape(name)))
    return ", ".join(
        f"`{pipeline}`"
        for pipeline, made in pipelines.items()
        if any(pattern.fullmatch(one) for node in made.nodes for one in getattr(node, side))
    )


def commands() -> str:
    """Write the page of all commands and their options."""
    parts = [
        "# Commands",
        "All commands with their options. Type them in the project's folder, after "
        "`source .venv/bin/activate`.",
    ]
    for command in (*cli.commands.values(), run):
        own = [one for one in command.params if isinstance(one, click.Option)]
        rows = [
            (", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts)),
             "" if one.is_flag else one.make_metavar(click.Context(command)),
             _default(one.default) if one.show_default else "", one.help or "")
            for one in own
            if not one.hidden
        ]  # fmt: skip
        text = (command.help or "").split("\f")[0]
        parts += [
            f"## kedro {command.name}",
            _sentence(text),
            _table(("option", "takes", "default", "what it does"), rows),
        ]
    made = re.findall(r"^([a-z-]+):.*?## (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    rows = [(f"`make {name}`", text) for name, text in made]
    parts += [
        "## make",
        "`make` sets up `.venv` first where it is missing.",
        _table(("command", "what it does"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def http_api() -> str:
    """Write the page of the JSON API, from its OpenAPI description."""
    app = FastAPI()
    app.include_router(create_router(None, Access({}, None), ConcurrencyLimit(1)))  # type: ignore[arg-type]
    describe_bodies(app)
    described = app.openapi()
    errors: dict[str, str] = {}
    parts = [
        "# HTTP API",
        "Every request and answer of `/api/v1`. [Use the API](../how-to/api.md) has clients to "
        "copy; a running server describes itself at `/docs` and `/openapi.json`.",
    ]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            parts += [f"## {method.upper()} {path}", _sentence(operation["description"])]
            if parameters := operation.get("parameters"):
                rows = [
                    (f"`{one['name']}`", one["in"], _type(one["schema"]),
                     one.get("description", ""))
                    for one in parameters
                ]  # fmt: skip
                parts.append(_table(("parameter", "in", "type", "what it is"), rows))
            bodies = operation.get("requestBody", {}).get("content", {})
            if body := bodies.get("application/json"):
                parts.append(f"Body: {_type(body['schema'], linked=True)}")
            answers = operation["responses"]
            success = min(answers)
            errors |= {status: one["description"] for status, one in answers.items()}
            del errors[success]
            parts.append(f"Answer ({success}): {_answer(answers[success])}")
    rows = [(f"`{status}`", text) for status, text in sorted(errors.items())]
    parts += [
        "## Errors",
        "Other statuses come with a [Problem](#problem). `detail` says what is wrong and what to "
        "do.",
        _table(("status", "when"), rows),
    ]
    parts += _described(described["components"]["schemas"])
    return "\n\n".join(parts) + "\n"


def _answer(answer: dict[str, Any]) -> str:
    content = answer.get("content", {}).get("application/json", {})
    return _type(content["schema"], linked=True) if "schema" in content else "no body"


def _described(schemas: dict[str, Any]) -> Iterator[str]:
    """Describe types, a section for each."""
    for name, schema in sorted(schemas.items()):
        model = FeedbackEvent if name == "FeedbackEvent" else getattr(models, name, None)
        texts = _field_texts(model) if model else {}
        yield f"## {name}"
        if model:
            yield _sentence(_summary(model))
        required = schema.get("required", ())
        yield _table(
            ("field", "type", "what it is"),
            [
                (f"`{key}`" + (" (required)" if key in required else ""),
                 _type(field, linked=True), field.get("description") or texts.get(key, ""))
                for key, field in schema.get("properties", {}).items()
            ],
        )  # fmt: skip


def mcp_tools() -> str:
    """Write the page of the tools for agents."""
    server = create_mcp(None, ConcurrencyLimit(1), None)  # type: ignore[arg-type]
    parts = [
        "# MCP tools",
        "The tools that an agent gets. [Connect an agent](../how-to/agents.md) says how. Their "
        "results are types of the [HTTP API](http-api.md).",
    ]
    for tool in anyio.run(server.list_tools):
        required = tool.input_schema.get("required", ())
        rows = [
            (f"`{name}`" + (" (required)" if name in required else ""), _type(field),
             _default(field["default"]) if isinstance(field.get("default"), int) else "",
             field.get("description", ""))
            for name, field in tool.input_schema["properties"].items()
        ]  # fmt: skip
        result = (tool.output_schema or {}).get("title", "")
        parts += [
            f"## {tool.name}",
            _sentence(tool.description or ""),
            _table(("argument", "type", "default", "what it is"), rows),
        ]
        if result:
            parts.append(f"Result: [{result}](http-api.md#{result.lower()})")
    return "\n\n".join(parts) + "\n"


def feeds() -> str:
    """Write the page of the platforms' rules."""
    parts = [
        "# Feeds",
        "The rules that `kedro run --pipelines=export` checks, as data. "
        "[Export](../how-to/export.md) says what happens to products that break one.",
    ]
    for module in (google, meta, openai, shopify, json_ld):
        text = getdoc(module) or ""
        sources = re.findall(r"https://\S+", text)
        rules, photo = module.RULES, module.RULES.photo
        rows = [
            (f"`{name}`", field.kind, {"no": "", "size": "of clothes and shoes"}.get(
                field.required, "of clothes" if field.required == "apparel" else field.required),
             str(field.max_length or ""), ", ".join(field.values))
            for name, field in rules.fields.items()
        ]  # fmt: skip
        limits = [f"Photos: {', '.join(photo.formats)}"]
        limits += [f"sides of {photo.min_side} pixels or more"] if photo.min_side else []
        limits += [f"{photo.max_pixels:,} pixels at most"] if photo.max_pixels else []
        limits += [f"{photo.max_bytes:,} bytes at most"] if photo.max_bytes else []
        limits += [f"{photo.max_further} further ones"] if photo.max_further else []
        parts += [
            f"## {rules.feed}",
            text.splitlines()[0],
            "; ".join(limits) + ".",
            _table(("field", "kind", "required", "letters", "values"), rows),
            "Sources: " + ", ".join(f"[{number}]({one})" for number, one in enumerate(sources, 1)),
        ]
    return "\n\n".join(parts) + "\n"


def _comments(path: Path) -> dict[str, str]:
    """Map dotted keys of a YAML file to their comments: those before a key, and on its line."""
    texts: dict[str, str] = {}
    open_keys: list[tuple[int, str]] = []
    before: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip().startswith("#"):
            before.append(line.strip().removeprefix("#").strip())
            continue
        match = _KEY.match(line)
        if match:
            indent, key, rest = len(match[1]), match[2].strip('"'), match[3]
            open_keys = [one for one in open_keys if one[0] < indent] + [(indent, key)]
            _, mark, after = rest.partition(" # ")
            text = " ".join([*before, *([after.strip()] if mark else [])])
            if text:
                texts.setdefault(".".join(name for _, name in open_keys), text)
        before = []
    return texts


def _declared(path: Path) -> dict[str, Any]:
    declared: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(path))  # type: ignore[assignment]
    return declared


def _field_texts(model: type[BaseModel]) -> dict[str, str]:
    """Map the fields of a model to what the docstrings of it and its bases say of them."""
    texts: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            for section in Docstring(getdoc(kind) or "").parse("google"):
                if section.kind is DocstringSectionKind.attributes:
                    texts |= {one.name: " ".join(one.description.split()) for one in section.value}
    return texts


def _summary(model: type[BaseModel]) -> str:
    return (getdoc(model) or "").partition("\n\n")[0]


def _type(schema: dict[str, Any], linked: bool = False) -> str:
    """Name the type of a JSON schema."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if linked else name
    if "anyOf" in schema:
        return " or ".join(_type(one, linked) for one in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "any")
    if kind == "array" and "items" in schema:
        return f"list of {_type(schema['items'], linked)}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{_type(schema['additionalProperties'], linked)} by name"
    bounds = [text.format(schema[name]) for name, text in _BOUNDS.items() if name in schema]
    return " ".join([str(kind), *bounds])


def _default(value: Any) -> str:
    """Write a default in one line of YAML."""
    if value is None:
        return "none"
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    text = text.removesuffix("\n...\n").strip()
    return f"`{text}`" if len(text) <= _SHORT else "see the file"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    for *cells, last in rows:
        text = last[:1].upper() + last[1:] if headings[-1].startswith("what") else last
        lines.append("| " + " | ".join(map(_cell, [*cells, text])) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(_markdown(text).replace("|", "\\|").split())


def _sentence(text: str) -> str:
    text = _markdown(text).strip()
    return text if not text or text[-1] in ".:!`" else f"{text}."


def _markdown(text: str) -> str:
    """Turn docstrings' roles and quotes into Markdown's."""
    return _ROLE.sub(r"`\1`", text).replace("``", "`")


PAGES: dict[str, Callable[[], str]] = {
    "configuration": configuration,
    "attributes": attributes,
    "catalog": catalog,
    "cli": commands,
    "http-api": http_api,
    "mcp": mcp_tools,
    "feeds": feeds,
}
