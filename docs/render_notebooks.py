"""Renders the notebooks as pages of the docs, with what their cells show."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import MarkdownExporter
from PIL import Image

from processes import ENVIRONMENT
from project import ROOT

PAGES = ROOT / "docs/notebooks"
NOTE = """
!!! note
    `notebooks/{name}` ran over photos of the
    [Clothing dataset](https://github.com/alexeygrigorev/clothing-dataset) by Alexey Grigorev and
    contributors (CC0 1.0). Prices, brands and sizes are invented. Yours shows your own photos.
"""
# What would outrank the site's own look of tables.
STYLES = re.compile(r"<style[^>]*>.*?</style>\n?|<pre style[^>]*></pre>\n?", re.DOTALL)
ATTRIBUTES = re.compile(r"<(table|tr|th|td)\b[^>]*>")
BLANK_LINES = re.compile(r"\n\s*\n(?=\s*<)")


def render_notebooks(project: Path) -> None:
    """Run the notebooks in a project and write a page of each, its pictures beside it.

    Args:
        project: A project after `kedro run`.
    """
    folder = shutil.copytree(ROOT / "notebooks", project / "notebooks", dirs_exist_ok=True)
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir()
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(notebook, timeout=300, resources=resources).execute(env=ENVIRONMENT)
        names = {"output_files_dir": f"{path.stem}_files", "unique_key": path.stem}
        page, made = MarkdownExporter().from_notebook_node(notebook, resources=names)
        for name, picture in made["outputs"].items():
            page = page.replace(name, str(_save(picture, name)))
        (PAGES / f"{path.stem}.md").write_text(_tidy(page, path.name))


def _save(picture: bytes, name: str) -> Path:
    """Save a picture as WebP, and return its path beside the pages."""
    path = Path(name).with_suffix(".webp")
    (PAGES / path).parent.mkdir(exist_ok=True)
    Image.open(io.BytesIO(picture)).convert("RGB").save(PAGES / path, quality=80, method=6)
    return path


def _tidy(page: str, name: str) -> str:
    """Lay out a page for the docs: a note below the title, plain tables, links between pages."""
    page = ATTRIBUTES.sub(r"<\1>", STYLES.sub("", page))
    page = BLANK_LINES.sub("\n", page).replace(".ipynb)", ".md)")
    page = page.replace("![png]", "![Output of the cell above]")
    title, rest = page.strip().split("\n", 1)
    return f"{title}\n{NOTE.format(name=name)}{rest}\n"
