import time
from email.utils import formatdate

import pytest

from lookbook.retry_after import read_retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "90"}, 90),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after-ms": "2500", "retry-after": "9"}, 2.5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_seconds_are_read(headers, seconds):
    assert read_retry_after(headers) == seconds


@pytest.mark.parametrize(("ahead", "seconds"), [(90, 90), (-90, 0)])
def test_dates_are_read(ahead, seconds):
    headers = {"retry-after": formatdate(time.time() + ahead, usegmt=True)}
    assert read_retry_after(headers) == pytest.approx(seconds, abs=2)
