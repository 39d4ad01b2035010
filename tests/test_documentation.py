"""Does what the documentation says, as it says it."""

import re
import shlex
import shutil
import subprocess

import pytest

from lookbook.captioners import Prompt
from lookbook.photos import Photo
from project import ENVIRONMENT, ROOT, jpeg, make_project, run_kedro, succeed

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


# What runs on and on, or needs what is elsewhere, and the test that runs it.
ELSEWHERE = {
    "kedro": "every kedro command here",
    "kedro demo": "tests/test_demo.py",
    "kedro demo --auth=name:password": "tests/test_demo.py",
    "kedro run --pipelines=download": "tests/end_to_end/test_download.py",
    "curl -s localhost:7860/gradio_api/call/answer/EVENT_ID": "tests/test_demo.py",
    "curl -F files=@shirt.jpg localhost:7860/gradio_api/upload": "tests/test_demo.py",
}
RUN = sorted(
    (one for one in commands() if one.startswith("kedro ") and one not in ELSEWHERE),
    # A folder of one's own comes and goes before the rest looks at the sample.
    key=lambda one: ("FOLDER" not in one, one != "kedro run", one),
)
MADE = [one for one in commands() if one.startswith("make ") and one != "make test"]


def test_every_command_is_known():
    known = {*RUN, *ELSEWHERE}
    assert len(RUN) > 8 and len(MADE) > 8
    for command in commands():
        made = command == "make" or command.startswith("make ")
        curl = command.startswith("curl -s localhost:7860/gradio_api/call/answer -H")
        assert command in known or made or curl, command
    for place in ELSEWHERE.values():
        assert (ROOT / place).exists() or place.startswith("every")


@pytest.fixture(scope="module")
def readers(tmp_path_factory, finished):
    """A reader's project, with photos and a shirt."""
    project = make_project(tmp_path_factory.mktemp("reader"))
    shutil.copytree(finished / "data", project / "data", dirs_exist_ok=True)
    (project / "shirt.jpg").write_bytes(jpeg("Shirt"))
    photos = project / "FOLDER"
    photos.mkdir()
    for label in ("Hat", "Pants", "Shoes"):
        (photos / f"{label}.jpg").write_bytes(jpeg(label))
    return project


@pytest.mark.parametrize("command", RUN)
def test_a_kedro_command_runs(readers, command):
    _, *arguments = shlex.split(command)
    few = "evaluate.items=2,evaluate.bootstrap_rounds=20,prompt_trial.photos=2"
    given = [one for one in arguments if one.startswith("--params=")]
    rest = [one for one in arguments if one not in given]
    if "photo=" not in "".join(given):
        rest.append(f"--params={','.join([*(one[9:] for one in given), few])}")
    else:
        rest += given
    succeed(run_kedro(readers, *rest))


@pytest.mark.parametrize("command", MADE)
def test_a_make_command_is_one(command):
    asked = shlex.split(command.replace("…", "key"))
    result = subprocess.run(
        [*asked, "--dry-run"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert ".venv/bin/" in result.stdout
    folder = "FOLDER" in command
    assert not folder or "FOLDER" in result.stdout


def test_pictures_and_links_are_there():
    for text, place in ((README, ROOT), (GUIDE, ROOT / "docs")):
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (place / link).exists(), link


def test_every_file_that_the_map_names_is_there():
    for name in re.findall(r"^  (\w+\.py) ", GUIDE, re.MULTILINE):
        assert (ROOT / "src/lookbook" / name).exists(), name


def test_the_captioner_of_the_guide_captions():
    (code,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    assert len(code.splitlines()) < 40
    names: dict = {"__name__": "guide"}
    exec(code, names)
    captioner = names["TallOrWideDataset"]().load()
    prompt = Prompt(system="", question="", answer_schema={})
    photos = [Photo("good", jpeg), Photo("broken", lambda: b"no photo")]
    good, broken = captioner.caption(photos, prompt)
    assert "Guessed" in good.text and good.failure is None
    assert broken.text is None and broken.failure
