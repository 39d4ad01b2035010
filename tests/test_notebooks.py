"""Runs the notebooks from a clean kernel, in a project after `kedro run`."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from processes import ENVIRONMENT
from project import ROOT, copy_project

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def folder(ran, tmp_path_factory):
    project = copy_project(ran[0], tmp_path_factory.mktemp("notebooks"))
    return shutil.copytree(ROOT / "notebooks", project / "notebooks")


def code_of(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom_and_shows_tables_and_pictures(path, folder, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    kinds = [
        kind
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    ]
    assert "text/html" in kinds and kinds.count("image/png") >= 3
    if kept := os.environ.get("LOOKBOOK_ARTIFACTS"):
        page, _ = HTMLExporter().from_notebook_node(notebook)
        rendered = Path(kept) / "notebooks" / f"{path.stem}.html"
        rendered.parent.mkdir(parents=True, exist_ok=True)
        rendered.write_text(page)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_stored_without_outputs_and_without_logic_of_its_own(path):
    code = code_of(path)
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not any(word in cell.source for cell in code for word in ("def ", "class ", "lambda"))
    assert all(len(cell.source.splitlines()) <= 10 for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_page_in_the_docs_has_the_same_code(path):
    page = (ROOT / f"docs/notebooks/{path.stem}.md").read_text()
    # Pages leave out the semicolon that keeps a cell from printing its last value.
    sources = [cell.source.rstrip(";") for cell in code_of(path)]
    missing = [source for source in sources if source not in page]
    assert not missing, "run 'make pictures'"
