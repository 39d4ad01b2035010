"""Writes contact sheets, rates the outfits on them and compares their sources."""

import pandas as pd
import pytest
from PIL import Image

from processes import run_kedro
from project import copy_project, latest, succeed, table, versions


@pytest.fixture(scope="module")
def project(ran, tmp_path_factory):
    return copy_project(ran[0], tmp_path_factory.mktemp("sheets"))


def run(project, pipelines, *told, nodes=""):
    chosen = [f"--pipelines={pipelines}", f"--params={','.join(told)}"]
    chosen += [f"--nodes={nodes}"] if nodes else []
    return succeed(run_kedro(project, "run", *chosen)).stdout


def test_sheets_a_form_and_the_key_are_written_and_a_filled_in_form_stays(project):
    printed = run(project, "sheets", "sheets.queries=2", "sheets.outfits_per_page=4")
    form, key = table(project, "rating_form"), table(project, "rating_key")
    assert len(form) == len(key) == 6
    pages = sorted(latest(project, "rating_sheets").iterdir())
    assert [page.name for page in pages] == ["page_001.png", "page_002.png"]
    assert Image.open(pages[0]).width == 1440
    assert "rating_form.csv" in printed and "rating_sheets" in printed
    assert not any(source in printed for source in key["source"].unique())

    filled = latest(project, "rating_form.csv")
    form.assign(score=4).to_csv(filled, index=False)
    run(project, "sheets", "sheets.queries=1", "sheets.seed=1")
    assert len(versions(project, "rating_form.csv")) == 2
    assert pd.read_csv(filled)["score"].eq(4).all()

    # Its key is found, though it is not the latest.
    printed = run(project, "evaluate", f"outfit_ratings={filled}", nodes="evaluate.score_ratings")
    assert "Rated outfits" in printed and "4.000±.000" in printed
    rated = table(project, "rating_scores")
    assert rated["source"].unique().tolist() == ["assistant", "random", "rule"]
    assert rated["outfits"].eq(2).all()
