"""Does what the documentation says, as it says it."""

import re
import runpy
import shlex
import subprocess

import pytest

from lookbook.captioners import Prompt
from lookbook.photos.photo import Photo
from lookbook.server.models import RecommendRequest
from processes import ENVIRONMENT
from project import ROOT, jpeg

README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs/development.md").read_text()
PROGRAMS = ("make ", "kedro ", ".venv/bin/kedro ", "curl ")


def commands():
    """Finds every command of the README, in blocks and in lines."""
    blocks = re.findall(r"^```\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE)
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    plain = [
        re.sub(r"^(\w+=\S+ )+", "", command).removeprefix(".venv/bin/")
        for command in [*lines, *inline]
    ]
    return sorted({command for command in plain if f"{command} ".startswith(PROGRAMS)})


RUN_TEST = "tests/end_to_end/test_run.py"
PUBLISH_TEST = "tests/end_to_end/test_publish.py"
# What runs on and on, or for long, and the test that runs it.
RUN_BY = {
    "kedro": RUN_TEST,
    "kedro demo": "tests/server/test_launch.py",
    "kedro demo --table": "tests/server/test_launch.py",
    "kedro doctor": "tests/test_doctor.py",
    "kedro review": "tests/review/test_page.py",
    "kedro review --messages": "tests/review/test_message_page.py",
    "kedro package": "tests/end_to_end/test_package.py",
    "kedro run --pipelines=publish --params=publish.licence=cc0-1.0": PUBLISH_TEST,
    "kedro run --pipelines=export": PUBLISH_TEST,
    "kedro run": "tests/conftest.py",
    "kedro run --params=photos=products.csv": "tests/end_to_end/test_fetch.py",
    "kedro run --pipelines=products --params=products=FILE": "tests/end_to_end/test_products.py",
    "kedro run --params=photos=FOLDER": RUN_TEST,
    **{
        f"kedro run --pipelines={step}": RUN_TEST
        for step in ("ingest", "balance", "label", "clean", "index")
    },
    "kedro run --pipelines=evaluate": "tests/conftest.py",
    "kedro run --pipelines=prompt_trial": "tests/conftest.py",
    "kedro run --pipelines=photo_trial --params=photo=FILE": (
        "tests/pipelines/photo_trial/test_nodes.py"
    ),
    'kedro run --pipelines=serving --params="photo=shirt.jpg,message=trousers in black"': (
        "tests/pipelines/serving/test_nodes.py"
    ),
    "kedro demo --params=index=s3://shop/lancedb": (
        "tests/datasets/test_catalogue_search_dataset.py"
    ),
    "kedro run --pipelines=ingest,balance,label,clean --params=photos=FOLDER,captioner=together": (
        "tests/end_to_end/test_environments.py"
    ),
    "kedro run --params=photos=EVERYTHING,network=data/06_models/garment_network.onnx": (
        "tests/end_to_end/test_distil.py"
    ),
    "kedro run --pipelines=distil": "tests/end_to_end/test_distil.py",
    "kedro run --pipelines=__default__,evaluate --params=photos=FOLDER,"
    "network=data/06_models/held_out_network.onnx,annotations=TABLE": (
        "tests/end_to_end/test_distil.py"
    ),
    **dict.fromkeys(
        (
            "kedro run --pipelines=style --params=outfits=TABLE",
            "kedro run --pipelines=style --params=outfit_ratings=TABLE",
            "kedro run --pipelines=style --params=outfits=TABLE,outfit_ratings=TABLE",
        ),
        "tests/end_to_end/test_style.py",
    ),
    "kedro run --pipelines=download": "tests/end_to_end/test_download.py",
    "kedro run --pipelines=understand": "tests/end_to_end/test_understand.py",
    "kedro run --pipelines=learn": "tests/end_to_end/test_learn.py",
}
RUN_HERE = [one for one in commands() if not one.startswith("make") and one not in RUN_BY]
MADE = [one for one in commands() if one.startswith("make ") and one != "make test"]


def test_every_command_is_run_somewhere():
    assert len(MADE) > 8
    assert [command.split()[0] for command in RUN_HERE] == ["curl"]
    for place in set(RUN_BY.values()):
        assert (ROOT / place).exists()


def test_the_curl_asks_what_the_api_takes():
    words = shlex.split(RUN_HERE[0])
    assert words[2].endswith("/api/v1/recommend")
    asked = RecommendRequest.model_validate_json(words[words.index("-d") + 1])
    assert asked.message and asked.filters.max_price


@pytest.mark.parametrize("command", MADE)
def test_a_make_command_is_one(command):
    asked = [*shlex.split(command), "--dry-run"]
    result = subprocess.run(
        asked, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert ".venv/bin/" in result.stdout
    assert ("FOLDER" in result.stdout) == ("FOLDER" in command)


def test_pictures_and_links_are_there():
    for text, place in ((README, ROOT), (GUIDE, ROOT / "docs")):
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (place / link).exists(), link


def test_the_map_names_every_room_and_nothing_else():
    source = ROOT / "src/lookbook"
    rooms = {f"{path.name}/" for path in source.iterdir() if (path / "__init__.py").exists()}
    files = {path.name for path in source.glob("*.py")} - {"__init__.py", "__main__.py"}
    named = re.findall(r"^  (\w+(?:\.py|/)) ", GUIDE, re.MULTILINE)
    assert set(named) == rooms | files
    assert len(named) == len(set(named))


def test_the_captioner_of_the_guide_captions(schema):
    (code,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
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
