"""Picture files as shops have them, sound and broken, each with what should come out."""

import os
import runpy
from pathlib import Path

import numpy as np
import pytest

from lookbook.photos.inspecting import inspect_batch
from lookbook.photos.photo import decode
from lookbook.pipelines.ingest.params import IngestParams
from project import configuration

PARAMS = IngestParams.model_validate(configuration("parameters_ingest")["ingest"])


@pytest.fixture(scope="module")
def pictures():
    folder = os.environ.get("LOOKBOOK_CASES")
    if not folder:
        pytest.skip("LOOKBOOK_CASES names no folder of cases")
    return runpy.run_path(str(Path(folder) / "pictures/make.py"))["draw"]()


def pixel(image, x, y):
    return np.array(image.getpixel((int(x * image.width), int(y * image.height))))


def differences(name, status, data, checks):
    """Lists how a picture comes out otherwise than it should."""
    (measured,) = inspect_batch([(name, lambda: data)], PARAMS.max_pixels, PARAMS.smallest_side)
    if measured["status"] not in status.split("|"):
        yield f"{measured['status']}: {measured['reason']}"
    if measured["status"] != "ok":
        return
    image = decode(data)
    size = checks.get("size", list(image.size))
    if size != [measured["width"], measured["height"]] or size != list(image.size):
        yield f"size {image.size}"
    for x, y, colour in checks.get("colours", []):
        if np.abs(pixel(image, x, y) - colour).max() > checks.get("tolerance", 12):
            yield f"colour {pixel(image, x, y)}"
    midst, corner = pixel(image, 0.5, 0.5), pixel(image, 0.04, 0.04)
    if checks.get("visible") and np.abs(midst - corner).max() < 40:
        yield f"{midst} on {corner} cannot be seen"


def test_every_picture_comes_out_as_it_should(pictures):
    wrong = {
        name: list(differences(name, status, data, checks))
        for name, (_, status, _, data, checks) in pictures.items()
    }
    assert {name: told for name, told in wrong.items() if told} == {}
