"""Types ``kedro run`` with an API, a cluster and a model of one's own."""

import json
import shutil

import lancedb
import pandas as pd
import pytest
import yaml

from chat_server import KEY, MODEL, serving
from processes import run_kedro
from project import ROOT, copy_project, jpeg, latest, load_tables, report, succeed, table

# Tables between the stages, in Parquet files on a cluster.
PARTITIONED = (
    "inspected_photos", "manifest", "adults", "merged_labels", "selection", "caption_plan",
    "captions", "probabilities", "parsed_labels", "rejected_captions", "mapped_labels",
    "captioned_photos", "captioned_items", "item_probabilities", "items_with_facts",
    "full_catalogue",
)  # fmt: skip
READ_BY_PATH = ("teacher_table", "annotations_table")


def configure(project, name, **options):
    """Choose a captioner and stylist as a user does, and say where they are."""
    chosen = {"captioner": name, "stylist": name, name: options}
    (project / "conf/local/globals.yml").write_text(yaml.safe_dump(chosen))


@pytest.fixture
def selected(ran, tmp_path):
    """A project whose photos are chosen and wait for captions."""
    project = copy_project(ran[0], tmp_path)
    shutil.rmtree(project / "data/04_feature")
    return project


def test_the_cluster_overrides_where_work_is_done_and_nothing_else():
    files = (ROOT / "conf/cluster").iterdir()
    entries = {entry for path in files for entry in yaml.safe_load(path.read_text())}
    assert {entry for entry in entries if not entry.startswith("_")} == {
        "captioner_runs", "network_threads", "pool", "process_pool", "index_on_workers",
        *PARTITIONED, *READ_BY_PATH,
    }  # fmt: skip


def test_together_answers_a_customer(ran, tmp_path):
    project = copy_project(ran[0], tmp_path)
    (project / "conf/local/credentials.yml").write_text(f"together: {{api_key: {KEY}}}\n")
    shoes = {
        "slot": "feet", "text": "black shoes", "allowed": {"Category": ["Shoes"]},
        "wished": {"Colours": ["black"]},
    }  # fmt: skip
    plan = {"mode": "complementary", "queries": [shoes], "unwanted": {}, "notes": []}
    photo = next((project / "data/01_raw/sample").rglob("*.jpg"))
    with serving(
        plans=[json.dumps(plan)], reply="Take the [1]. Or a feather boa and a bikini."
    ) as server:
        configure(project, "together", base_url=server.url, model=MODEL, chat_model=MODEL)
        succeed(
            run_kedro(
                project, "run", "--pipelines=serving",
                f"--params=photo={photo},message=which shoes?",
            )
        )  # fmt: skip
    found = table(project, "recommendations")
    assert set(found["slot"]) == {"feet"}
    reply = latest(project, "reply.txt").read_text().strip()
    assert reply == f"Take the {found['Title'][0]}."


def test_together_captions_the_sample_and_clean_and_index_take_it(selected):
    (selected / "conf/local/credentials.yml").write_text(f"together: {{api_key: {KEY}}}\n")
    faults = dict.fromkeys(["rate limit", "error", "junk", "truncated", "refusal"], 0.1)
    with serving(faults=faults) as server:
        price = {"input": 1.0, "output": 2.0}
        configure(selected, "together", base_url=server.url, model=MODEL, price=price)
        result = succeed(run_kedro(selected, "run", "--pipelines=label,clean,index"))
        label = report(selected, "label")
        again = succeed(run_kedro(selected, "run", "--pipelines=label"))
        assert len(server.pictures) == label["photos"]
    assert label["captioned"] == label["photos"] > 100
    assert label["asked_again"] > 0
    assert label["cost"] == pytest.approx(
        (label["input_tokens"] + 2 * label["output_tokens"]) / 1e6, abs=1e-4
    )
    assert "tokens:" in result.stdout and "cost:" in result.stdout
    assert report(selected, "index")["items"] == len(table(selected, "full_catalogue")) > 50
    assert report(selected, "label")["captioned_before"] == label["photos"]
    assert KEY not in result.stdout + result.stderr + again.stdout + again.stderr
    assert KEY not in "".join(
        path.read_text(errors="ignore")
        for path in selected.glob("data/0[48]*/**/*")
        if path.is_file()
    )


def test_a_wrong_key_ends_in_a_sentence(selected):
    (selected / "conf/local/credentials.yml").write_text("together: {api_key: wrong}\n")
    with serving() as server:
        configure(selected, "together", base_url=server.url, model=MODEL)
        result = run_kedro(selected, "run", "--pipelines=label")
    assert result.returncode == 1
    assert "refuses the key" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_llama_runs_whole_with_the_model_that_its_configuration_names(selected, tiny_mllama):
    few = latest(selected, "selection.csv")
    few.write_text("".join(few.read_text().splitlines(keepends=True)[:21]))
    configure(selected, "llama", model=str(tiny_mllama), device="cpu")
    succeed(run_kedro(selected, "run", "--pipelines=label,clean,index"))
    label, clean = report(selected, "label"), report(selected, "clean")
    assert label["captioned"] == label["photos"] == 20
    assert label["output_tokens"] > 0
    # Random weights write nonsense, but never a caption out of shape.
    assert clean["usable"] + clean["rejected"] == label["photos"]
    assert set(clean["rejected_by_reason"]) <= {"refusal"}
    captions = table(selected, "captions")["caption"]
    fields = json.loads(latest(selected, "prompt.json").read_text())["answer_schema"]["properties"]
    for caption in map(json.loads, captions):
        assert list(caption) == list(fields)


def test_a_cluster_gives_the_same_bytes_from_photos_to_index(project, ran):
    pytest.importorskip("ray", reason="Ray is not installed: the extra 'cluster'")
    succeed(run_kedro(project, "run", "--env=cluster"))
    for name in ("quarantine", "vocabulary_mapping", "catalogue"):
        spread, plain = (latest(one, f"{name}.csv").read_bytes() for one in (project, ran[0]))
        assert spread == plain, name
    names = (*PARTITIONED, *READ_BY_PATH)
    written, read = load_tables(project, "cluster", names), load_tables(ran[0], "base", names)
    for name in names:
        # How long a caption took differs.
        spread, plain = (
            one[name].drop(columns="seconds", errors="ignore") for one in (written, read)
        )
        assert spread.to_csv() == plain.to_csv(), name
        pd.testing.assert_frame_equal(spread, plain, check_dtype=name in PARTITIONED)
    spread, plain = (indexed(one) for one in (project, ran[0]))
    assert spread.equals(plain)


def indexed(project):
    """The index's rows as they are, in the order of photos."""
    rows = lancedb.connect(project / "data/07_model_output/lancedb").open_table("minilm").to_arrow()
    return rows.sort_by("photo_id")


def test_a_local_folder_of_photos_counts_in_every_environment(project, tmp_path_factory):
    photos = tmp_path_factory.mktemp("mine")
    sample = sorted((project / "data/01_raw/sample/images_compressed").glob("*.jpg"))
    shutil.copy(sample[0], photos / "only.jpg")
    (project / "conf/local/globals.yml").write_text(f"photos: {photos}\n")
    assert list(load_tables(project, "cluster", ["photo_files"])["photo_files"]) == ["only.jpg"]


def test_an_unknown_environment_ends_in_a_sentence(project):
    result = run_kedro(project, "run", "--env=nowhere")
    assert result.returncode == 1
    assert "conf/nowhere" in result.stderr.replace("\n", "")
    assert "Traceback" not in result.stdout + result.stderr


def test_a_catalogue_that_is_labelled_already_needs_no_captioner(project, tmp_path_factory):
    photos = tmp_path_factory.mktemp("photos")
    for label in ("Hat", "Shirt", "Shoes"):
        (photos / f"{label}.jpg").write_bytes(jpeg(label))
    (photos / "Top.jpg").write_bytes(jpeg("T-Shirt"))
    # As the recipe publishes it: a column without name, a row without description, a category
    # that was never offered, a file that is not there; and one photo that no row names.
    (photos / "final.csv").write_text(
        ",Filename,Title,Size,Gender,Description,Category,Type\n"
        "0,Hat.jpg,Red hat,M,Women,Made of felt.,Headwear,Casual\n"
        "1,Shirt.jpg,Shirt,L,Men,,Tops,Casual\n"
        "2,Top.jpg,Linen top,S,Unisex,With a low back.,Tops,Casual\n"
        "3,gone.jpg,Boots,M,Men,Leather.,Shoes,Casual\n"
    )
    given = f"captioner=table,catalogue={photos / 'final.csv'},photos={photos}"
    result = succeed(run_kedro(project, "run", f"--params={given}"))
    assert "1 rows name a photo that does not exist: gone.jpg" in " ".join(result.stdout.split())
    full = table(project, "full_catalogue").set_index("Filename")
    assert full["Category"].to_dict() == {"Top.jpg": "Tops", "Hat.jpg": "Hats"}
    assert full.loc["Hat.jpg", "Title"] == "Red hat"
    rejected = table(project, "rejected_captions").set_index("file")["reason"].to_dict()
    assert rejected == {
        "Shirt.jpg": "no description",
        "Shoes.jpg": "no caption: no row of the table names it",
    }
    assert report(project, "index")["items"] == 2
    table_named = f"--params=captioner=table,catalogue={photos / 'final.csv'}"
    hat = f"{table_named},photo={photos / 'Hat.jpg'}"
    succeed(run_kedro(project, "run", "--pipelines=serving", hat))
    assert table(project, "recommendations")["Filename"].tolist() == ["Top.jpg"]
