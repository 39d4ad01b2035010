import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lookbook.batching import DynamicBatcher


def test_whoever_asks_alone_is_answered_alone():
    sizes = []
    doubled = DynamicBatcher(
        lambda numbers: sizes.append(len(numbers)) or [2 * n for n in numbers], 8
    )
    assert doubled(1) == [2] and doubled(2, 3) == [4, 6]
    assert sizes == [1, 2]


def test_what_is_asked_while_a_batch_is_worked_on_is_the_next_one():
    sizes, working, go_on = [], threading.Event(), threading.Event()

    def work(numbers):
        sizes.append(len(numbers))
        working.set()
        go_on.wait(10)
        return [2 * number for number in numbers]

    doubled = DynamicBatcher(work, 4)
    with ThreadPoolExecutor(11) as pool:
        first = pool.submit(doubled, 0)
        working.wait(10)
        others = [pool.submit(doubled, number) for number in range(1, 10)]
        while len(doubled._waiting) < 9:
            pass
        go_on.set()
        assert [one.result() for one in [first, *others]] == [[2 * n] for n in range(10)]
    assert sizes == [1, 4, 4, 1]


def test_what_goes_wrong_is_told_to_all_who_asked_for_it_and_the_next_is_answered():
    def work(numbers):
        if 0 in numbers:
            raise ZeroDivisionError
        return [1 / number for number in numbers]

    inverse = DynamicBatcher(work, 8)
    with pytest.raises(ZeroDivisionError):
        inverse(0)
    assert inverse(2) == [0.5]
