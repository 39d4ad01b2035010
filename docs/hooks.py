"""Hooks of MkDocs: pages that are made of the code, and figures that were measured."""

from __future__ import annotations

import re
from typing import Any

from figures import RESULTS, benchmarks_page, read_results, render
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from reference import PAGES


def on_serve(server: Any, **kwargs: Any) -> Any:
    """Rebuild where results change."""
    server.watch(str(RESULTS))
    return server


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of the code and of the results."""
    for name, make in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=make()))
    files.append(File.generated(config, "benchmarks.md", content=benchmarks_page(read_results())))
    return files


def on_page_markdown(markdown: str, **kwargs: Any) -> str:
    """Put figures in the place of their names.

    Raises:
        PluginError: If a figure was not measured.
    """
    try:
        return render(markdown, read_results())
    except KeyError as error:
        raise PluginError(f"{kwargs['page'].file.src_path}: {error.args[0]}") from error


def on_page_content(html: str, **kwargs: Any) -> str:
    """Drop the roles that docstrings give to names."""
    return re.sub(r":(?:attr|class|data|func|meth):(?=<code>)", "", html)
