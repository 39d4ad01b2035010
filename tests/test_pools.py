import contextlib
import os
import signal
import threading
import time
from functools import partial

import pytest

from batches import doubled
from lookbook import pools
from lookbook.errors import InputError
from lookbook.pools import LocalPool, PerRecord, ProcessPool, RayPool


@pytest.fixture(params=["threads", "processes", "ray"])
def pool(request):
    if request.param == "ray":
        request.getfixturevalue("cluster")
        return RayPool(2, cpus_per_worker=0.5)
    return {"threads": LocalPool(2), "processes": ProcessPool(2)}[request.param]


def test_batches_come_back_in_their_order_from_wherever(pool):
    assert list(pool.map(doubled, ([n] for n in range(10)))) == [[2 * n] for n in range(10)]
    assert list(pool.map(doubled, iter([]))) == []


def test_batches_are_read_as_workers_come_free(pool):
    read = []
    made = pool.map(doubled, (read.append(n) or [n] for n in range(100)))
    next(made)
    assert len(read) <= 2 * pool.workers
    assert len(list(made)) == 99


def test_an_error_of_the_users_is_told_as_it_is(pool):
    with pytest.raises(InputError, match="that is no number for this"):
        list(pool.map(doubled, [[1], [2], [-1], [3]]))


def test_threads_work_at_the_same_time():
    both = threading.Barrier(2, timeout=10)
    assert list(LocalPool(2).map(lambda batch: both.wait() in (0, 1), [1, 2])) == [True, True]


def slowly(marker, batch):
    time.sleep(0.05)
    if batch == [7]:
        with contextlib.suppress(FileExistsError):
            marker.mkdir()
            # The first time a worker is killed with it.
            os.kill(os.getpid(), signal.SIGKILL)
    return doubled(batch)


def test_what_a_lost_worker_and_a_lost_machine_had_is_done_by_others(cluster, importable, tmp_path):
    other = cluster.add_node(num_cpus=2)
    cluster.wait_for_nodes()
    made = RayPool(3).map(partial(slowly, tmp_path / "killed"), [[n] for n in range(60)])
    results = [next(made) for _ in range(20)]
    cluster.remove_node(other)
    assert results + list(made) == [[2 * n] for n in range(60)]
    assert (tmp_path / "killed").exists()


def lethal(batch):
    if 3 in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(batch)


def test_record_that_kills_its_workers_is_set_aside_with_the_reason(
    cluster, importable, monkeypatch
):
    monkeypatch.setattr(pools, "DEATHS", 1)
    work = PerRecord(lethal, lambda record, reason: f"{record}: {reason}")
    one, three = next(iter(RayPool(1).map(work, [[1, 3]])))
    assert one == 2
    assert three.startswith("3: every worker that took it died")


def test_batch_that_kills_its_workers_ends_the_run_in_a_sentence(cluster, importable, monkeypatch):
    monkeypatch.setattr(pools, "DEATHS", 1)
    with pytest.raises(InputError, match="A batch of 1 rows failed: every worker"):
        list(RayPool(1).map(lethal, [[3]]))


def test_pool_without_room_on_the_cluster_ends_in_a_sentence(cluster, importable):
    pool = RayPool(1, gpus_per_worker=1, patience=0)
    with pytest.raises(InputError, match=r"No machine .* 1 CPU and 1 GPU; the largest has"):
        list(pool.map(doubled, [[1]]))
