"""The clients of docs/how-to/api.md, run as they stand."""

import re
import shutil
import subprocess
import sys

import pytest

from project import ROOT, assistant_of, jpeg
from serving import app_of, serving

GUIDE = (ROOT / "docs/how-to/api.md").read_text()
BLOCKS = re.findall(r"```(bash|js|python)\n(.*?)```", GUIDE, re.DOTALL)
PROGRAMS = {
    "bash": lambda code: ["bash", "-euc", code],
    "js": lambda code: ["node", "--input-type=module", "--eval", code],
    "python": lambda code: [sys.executable, "-c", code],
}


@pytest.fixture(scope="module")
def address(ran):
    with serving(app_of(assistant_of(ran[0]))) as address:
        yield address


@pytest.mark.parametrize(("language", "code"), BLOCKS)
def test_a_documented_client_gets_an_answer(address, tmp_path, language, code):
    (tmp_path / "shirt.jpg").write_bytes(jpeg("Shirt", "blue"))
    command = PROGRAMS[language](code.replace("http://127.0.0.1:7860", address))
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    result = subprocess.run(
        command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert (
        "shoes" in result.stdout.lower() or "dress" in result.stdout or "trousers" in result.stdout
    )


def test_every_language_is_documented():
    assert {language for language, _ in BLOCKS} == {"bash", "js", "python"}
