import contextlib
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from batches import doubled
from lookbook.errors import InputError
from lookbook.pools import LocalPool, ProcessPool, RayPool


@pytest.fixture(scope="module", autouse=True)
def importable():
    """Lets a cluster's workers import what tests do to a batch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "support"))
        yield


@pytest.fixture(scope="module")
def cluster():
    # Another module's may still be there, whose workers import nothing of these tests.
    ray.shutdown()
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield RayPool(2)
    ray.shutdown()


@pytest.fixture(
    params=["threads", "processes", pytest.param("ray", marks=pytest.mark.xdist_group("ray"))]
)
def pool(request):
    local = {"threads": LocalPool(2), "processes": ProcessPool(2)}
    return local.get(request.param) or request.getfixturevalue("cluster")


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


@pytest.mark.xdist_group("ray")
def test_what_a_lost_worker_and_a_lost_machine_had_is_done_by_others(tmp_path):
    ray.shutdown()
    machines = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    other = machines.add_node(num_cpus=2)
    machines.wait_for_nodes()
    pool = RayPool(3, connection={"address": machines.address})
    try:
        made = pool.map(partial(slowly, tmp_path / "killed"), [[n] for n in range(60)])
        results = [next(made) for _ in range(20)]
        machines.remove_node(other)
        assert results + list(made) == [[2 * n] for n in range(60)]
        assert (tmp_path / "killed").exists()
    finally:
        ray.shutdown()
        machines.shutdown()
