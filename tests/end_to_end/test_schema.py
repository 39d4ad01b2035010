"""Changes what the catalogue says of an item, by configuration alone."""

import json
import shutil
from pathlib import Path

import lancedb
import pytest
import yaml

from chat_server import KEY, serving
from lookbook.server.service import ShopService
from processes import run_kedro
from project import answer_of, assistant_of, jpeg, latest, succeed, table

FURNITURE = Path(__file__).parent / "furniture"
STEPS = "--pipelines=ingest,balance,label,clean,index"
SEASON = """
  Season:
    kind: single
    default: unknown
    description: The season it is worn in
    values: [cold, mild, warm, unknown]
"""


def piece(title, category, room, material, description):
    return {
        "Title": title, "Category": category, "Room": room, "Style": "modern",
        "Material": material, "Colours": ["brown"], "Details": description,
    }  # fmt: skip


PIECES = [
    piece("Oak kitchen table", "desk", ["kitchen"], ["oak"], "Small, for two, with round legs."),
    piece("Velvet sofa", "couch", ["living room"], ["velvet"], "Deep, with three seats."),
    piece("Steel lamp", "lamp", ["study"], ["steel"], "Bends wherever light is wanted."),
    piece("Pine shelf", "bookcase", ["bedroom"], ["pine"], "Five boards, as high as a door."),
]


@pytest.fixture
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(12):
        label = ("Hat", "Shirt", "Dress")[number % 3]
        (folder / f"{label}{number}.jpg").write_bytes(jpeg(label, seed=number))
    return folder


def columns_of_index(project):
    return (
        lancedb.connect(str(project / "data/07_model_output/lancedb")).open_table("minilm").schema
    )


def attributes_of_api(project):
    service = ShopService(assistant_of(project), assistant_of(project).params)
    return [one.name for one in service.facets("en").attributes]


def test_a_furniture_shop_is_configuration_alone(project, photos):
    shutil.copytree(FURNITURE, project / "conf/local", dirs_exist_ok=True)
    (project / "conf/local/credentials.yml").write_text(f"together: {{api_key: {KEY}}}\n")
    with serving(labels=PIECES) as server:
        given = yaml.safe_dump({"server": server.url, "photos": str(photos)})
        (project / "conf/local/globals.yml").write_text(given)
        succeed(run_kedro(project, "run", STEPS))
    catalogue = table(project, "catalogue")
    assert list(catalogue.columns) == [
        "Filename", "Title", "Category", "Room", "Style", "Material", "Colours", "Details"
    ]  # fmt: skip
    assert set(catalogue["Category"]) == {"table", "sofa", "lamp", "shelf"}
    assistant = assistant_of(project)
    reranked = answer_of(assistant, None, "a couch", method="hybrid + reranker")
    assert reranked["recommendations"][0]["Title"] == "Velvet sofa"
    offered = attributes_of_api(project)
    assert offered == ["Category", "Room", "Style", "Material", "Colours"]
    for wish, found in [("small oak table for the kitchen", "Oak kitchen table"),
                        ("a couch", "Velvet sofa")]:  # fmt: skip
        assert answer_of(assistant, None, wish)["recommendations"][0]["Title"] == found


def test_a_new_field_is_one_block(project, photos):
    declared = project / "conf/base/schema.yml"
    declared.write_text(declared.read_text() + SEASON)
    few = f"--params=photos={photos},evaluate.items=2,evaluate.bootstrap_rounds=20"
    result = succeed(run_kedro(project, "run", f"{STEPS},evaluate", few))
    prompt = json.loads(latest(project, "prompt.json").read_text())
    assert prompt["answer_schema"]["properties"]["Season"]["enum"] == [
        "cold", "mild", "warm", "unknown"
    ]  # fmt: skip
    assert "Season: the season it is worn in; one of cold, mild, warm" in prompt["question"]
    assert table(project, "catalogue").columns[-1] == "Season"
    assert columns_of_index(project).field("Season")
    assert "Season" in assistant_of(project).schema.categorical
    scores = json.loads(latest(project, "label_scores.json").read_text())
    assert scores["attributes"]["Season"] == {"said_share": 0.0, "values": {"unknown": 12}}
    assert scores["schema_valid_share"] == 1.0
    assert "says its season" in result.stdout


def test_one_line_gives_the_recipes_table_exactly(project, photos):
    params = f"--params=photos={photos},details=false"
    succeed(run_kedro(project, "run", "--pipelines=ingest,balance,label,clean", params))
    recipes = ["Title", "Size", "Gender", "Description", "Category", "Type"]
    assert list(table(project, "catalogue").columns) == ["Filename", *recipes]
    # Or one line of the local configuration.
    assert assistant_of(project).schema.names != recipes
    (project / "conf/local/globals.yml").write_text("details: false\n")
    assert assistant_of(project).schema.names == recipes


def test_fields_that_cannot_be_used_end_in_a_sentence_before_anything_runs(project, kedro):
    declared = project / "conf/base/schema.yml"
    declared.write_text(declared.read_text().replace("slot: head,", "slot: hat,"))
    result = kedro("run")
    assert result.returncode == 1
    told = (
        "conf/base/schema.yml: attribute 'Category', value 'Hats': slot 'hat' is not one of upper"
    )
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.stdout + result.stderr
    assert not list(project.glob("data/02_intermediate/*"))
