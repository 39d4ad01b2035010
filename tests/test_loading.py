from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from lookbook.loading import loaded_once


class Model:
    def __init__(self):
        self.loads = 0

    @loaded_once
    def weights(self):
        """Weights."""
        self.loads += 1
        count = self.loads
        # Lets the other threads in while this one loads.
        Barrier(1).wait()
        return [count]


def test_threads_that_read_first_at_once_get_one_value():
    model = Model()
    start = Barrier(8)

    def read(_):
        start.wait()
        return model.weights

    with ThreadPoolExecutor(8) as threads:
        values = list(threads.map(read, range(8)))
    assert model.loads == 1
    assert all(value is values[0] for value in values)


def test_each_instance_has_its_own_value_and_the_class_its_description():
    assert Model().weights is not Model().weights
    assert Model.weights.__doc__ == "Weights."
