"""The documentation site is complete, true to the code, and fetches nothing."""

import re
import shutil
from importlib import import_module

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from lookbook.pipeline_registry import pipeline_names
from project import ROOT

DOCS = ROOT / "docs"
GUIDE = (DOCS / "development.md").read_text()


@pytest.fixture
def module(monkeypatch):
    """Import a module that lies beside the pages."""
    monkeypatch.syspath_prepend(DOCS)
    return import_module


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        # Snippets are found from there.
        patch.chdir(ROOT)
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    yield folder
    shutil.rmtree(folder)


def test_the_site_builds_strictly_and_fetches_nothing(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 35
    for page in pages:
        text = page.read_text("utf-8")
        fetched = re.findall(r"<(?:script|img|link|iframe|source)\b[^>]*\b(?:src|href)=\S*", text)
        assert not [one for one in fetched if "//" in one and "canonical" not in one], page
        assert "{{ " not in re.sub(r"<(code|pre).*?</\1>", "", text, flags=re.DOTALL), page


def test_no_page_has_a_path_of_this_machine(site):
    for page in site.rglob("*.html"):
        assert str(ROOT) not in page.read_text("utf-8"), page


def test_generated_pages_describe_the_code(site):
    for page, texts in {
        "reference/configuration": (
            "serving.candidates",
            "together.base_url",
            "product_properties",
        ),
        "reference/attributes": ("Neckline", "roll neck sweater"),
        "reference/catalog": ("near_duplicates.csv", "search_index"),
        "reference/cli": ("--root-path", "make bench-demo"),
        "reference/http-api": ("/api/v1/outfits/swap", "RecommendRequest"),
        "reference/mcp": ("describe_photo", "An item to start from."),
        "reference/feeds": ("google_product_category", "availability"),
        "reference/python": ("Recommend items and outfits to a customer",),
        "benchmarks": ("make bench-demo",),
    }.items():
        text = (site / f"{page}.html").read_text("utf-8")
        assert not [one for one in texts if one not in text], page


def test_every_page_opens_with_a_heading_and_a_sentence():
    # Notebooks begin with where their photos are from.
    for page in sorted({*DOCS.rglob("*.md")} - {*DOCS.glob("notebooks/*")}):
        text = re.sub(r"\A---\n.*?\n---\n\n", "", page.read_text("utf-8"), flags=re.DOTALL)
        if page.name != "measured.md":
            assert re.match(r"# [^\n]+\n\n[A-Z][^|`#!]+[.:]", text), page


def test_every_global_is_described(module):
    rows = module("reference")._global_rows()
    assert not [name for name, *_, text in rows if not text]


def test_every_pipeline_is_listed():
    listed = (DOCS / "reference/pipelines.md").read_text()
    assert not [name for name in pipeline_names() if f"| `{name}` |" not in listed]


def test_a_figure_is_shown_with_its_unit_and_interval(module):
    figures = module("figures")
    metric = figures.Metric(metric="answers", value=86.52, low=83.7, high=88.64, unit="%")
    result = figures.Result(
        question="?", command="make", date="", machine="", data="", metrics={"right": metric}
    )
    text = figures.render("{{ x.right }}, {{ x.right.value }}, {{ handle }}", {"x": result})
    assert figures.render("{{ x.right.percent }}", {"x": result}).startswith("8,652 %")
    assert text == "86.5 % (83.7 to 88.6), 86.5, {{ handle }}"
    with pytest.raises(KeyError, match=r"no figure 'left' in benchmarks/results/x.json"):
        figures.render("{{ x.left }}", {"x": result})


@pytest.mark.parametrize(
    ("value", "text"), [(2214, "2,214"), (0.84512, "0.845"), (80.14, "80.1"), (218.4, "218")]
)
def test_numbers_have_three_significant_digits(module, value, text):
    assert module("figures").format_number(value) == text


def test_the_figures_of_the_readme_are_those_of_the_results(module):
    figures = module("figures")
    readme = (ROOT / "README.md").read_text("utf-8")
    template = figures.TEMPLATE.read_text("utf-8")
    written = figures.render_readme(readme, template, figures.read_results())
    assert written == readme, "Type 'make docs'."


def test_the_figures_of_a_readme_are_put_between_its_marks(module):
    figures = module("figures")
    before = f"# A\n\n{figures.START}old\n{figures.END}\nend\n"
    after = f"# A\n\n{figures.START}new\n{figures.END}\nend\n"
    assert figures.render_readme(before, "new\n", {}) == after


def test_links_to_files_of_the_repository_are_there():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), (page.name, link)


def test_the_map_names_every_room_and_nothing_else():
    source = ROOT / "src/lookbook"
    rooms = {f"{path.name}/" for path in source.iterdir() if (path / "__init__.py").exists()}
    files = {path.name for path in source.glob("*.py")} - {"__init__.py", "__main__.py"}
    named = re.findall(r"^  (\w+(?:\.py|/)) ", GUIDE, re.MULTILINE)
    assert set(named) == rooms | files
    assert len(named) == len(set(named))
