import pytest


def test_tests_of_one_file_are_kept_together(request):
    if not hasattr(request.config, "workerinput"):
        pytest.skip("there is one process")
    # Else costly fixtures are made in every process, which nothing would tell.
    assert request.node.nodeid.endswith("@tests/test_grouping.py")
