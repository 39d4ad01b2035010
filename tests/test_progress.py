import io

from lookbook.progress import Progress


def test_off_a_terminal_it_is_lines_without_carriage_returns():
    log = io.StringIO()
    with Progress(range(10_000), desc="work", file=log, disable=False, delay=0) as progress:
        for _ in progress:
            pass
    lines = log.getvalue().splitlines()
    assert "\r" not in log.getvalue()
    assert 1 <= len(lines) <= 3
    assert "10000/10000" in lines[-1]


def test_short_work_shows_none():
    log = io.StringIO()
    with Progress(range(3), file=log, disable=False) as progress:
        list(progress)
    assert log.getvalue() == ""


def test_it_can_be_switched_off():
    log = io.StringIO()
    with Progress(total=3, file=log, disable=True, delay=0) as progress:
        progress.update()
    assert log.getvalue() == ""
