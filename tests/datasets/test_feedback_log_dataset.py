import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from lookbook.datasets.feedback_log_dataset import FeedbackLogDataset

NEVER = 3600


def row(number, event="clicked"):
    now = datetime(2026, 3, 1, 13, tzinfo=UTC)
    return {"answer_id": f"{number:032x}", "time": now, "event": event, "item_id": f"item {number}"}


def items(log):
    return sorted(log.load()["item_id"].to_pylist(), key=lambda one: int(one.split()[1]))


@pytest.fixture
def open_log(tmp_path):
    opened = []

    def open_log(**options):
        opened.append(FeedbackLogDataset(path=str(tmp_path / "log"), **options))
        return opened[-1]

    yield open_log
    for log in opened:
        log.close()


def test_rows_come_back_as_they_were(open_log):
    log = open_log(flush_seconds=NEVER)
    assert len(log.load()) == 0 and not log.exists()
    shown = {
        **row(1, "answered"), "rank": 0, "slot": "shoes", "components": {"bm25": 0.5},
        "text_confidence": 1.0, "start": {"Colours": ["red", "blue"]}, "values": {},
    }  # fmt: skip
    log.save([shown, row(2)])
    first, second = log.load().to_pylist(maps_as_pydicts="strict")
    assert {name: first[name] for name in shown} == shown
    assert second["components"] is None and second["item_id"] == "item 2"
    assert log.exists()


def test_a_thread_writes_rows_after_a_while(open_log, tmp_path):
    open_log(flush_seconds=0.05).append([row(1)])
    deadline = time.monotonic() + 10
    while not list((tmp_path / "log").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert items(open_log()) == ["item 1"]


WRITER = """
import sys
from lookbook.datasets.feedback_log_dataset import FeedbackLogDataset
path, start, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
row = lambda number: {"answer_id": "a", "event": "clicked", "item_id": f"item {number}"}
log = FeedbackLogDataset(path=path, flush_seconds=3600, merge_from=4)
for number in range(start, end):
    log.append([row(number)])
    log.flush()
log.append([row(number + 1000) for number in range(start, end)])
log.close()
"""


def test_two_processes_that_merge_lose_nothing(open_log, tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "log")]
    writers = [subprocess.Popen([*command, *share]) for share in (("0", "30"), ("30", "60"))]
    assert [one.wait(120) for one in writers] == [0, 0]
    wanted = [*range(60), *range(1000, 1060)]
    assert items(open_log()) == [f"item {number}" for number in wanted]
    assert len(list((tmp_path / "log").glob("*.parquet"))) < 32


def test_a_kill_loses_the_buffer_at_most(open_log, tmp_path):
    script = (
        "import sys; from lookbook.datasets.feedback_log_dataset import FeedbackLogDataset\n"
        "log = FeedbackLogDataset(path=sys.argv[1], flush_seconds=3600)\n"
        "for number in range(100):\n"
        "    log.append([{'answer_id': 'a', 'event': 'clicked', 'item_id': f'item {number}'}])\n"
        "    if number % 2: log.flush(); print(number, flush=True)\n"
    )
    path = str(tmp_path / "log")
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            written = int(line)
            if written >= 9:
                os.kill(process.pid, signal.SIGKILL)
                break
    found = items(open_log())
    assert found[: written + 1] == [f"item {number}" for number in range(written + 1)]


def test_files_beside_the_one_that_holds_their_rows_are_not_read_twice(open_log, tmp_path):
    log = open_log(flush_seconds=NEVER, merge_from=2)
    log.append([row(1)])
    log.flush()
    (first,) = (tmp_path / "log").glob("*.parquet")
    left = first.read_bytes()
    log.append([row(2)])
    log.flush()
    assert not first.exists()
    # As if the process had been killed before it removed the file.
    first.write_bytes(left)
    (tmp_path / "log" / "half.unfinished").write_bytes(left[:10])
    assert items(log) == ["item 1", "item 2"]
    log.append([row(3)])
    log.flush()
    assert items(log) == ["item 1", "item 2", "item 3"] and not first.exists()


def test_rows_stay_buffered_while_the_disk_is_full(open_log, tmp_path, monkeypatch, caplog):
    log = open_log(flush_seconds=NEVER, max_buffered=2)
    write_table = pq.write_table

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(pq, "write_table", fail)
    log.append([row(1), row(2)])
    with pytest.raises(OSError, match="full"):
        log.flush()
    log.append([row(3)])
    assert "1 rows of feedback are lost" in caplog.text
    monkeypatch.setattr(pq, "write_table", write_table)
    assert items(log) == ["item 1", "item 2"]
