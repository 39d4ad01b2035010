import errno
import os
import socket
import sys

import pytest
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from kedro.io.core import DatasetError

from lookbook.cli import check_port
from lookbook.errors import InputError
from lookbook.failures import DISK_FULL, sentence_of, without_traceback
from project import ROOT


@pytest.fixture(scope="module", autouse=True)
def project():
    bootstrap_project(ROOT)


@pytest.mark.parametrize(
    ("selected", "sentence"),
    [
        ({"node_names": ["caption_photos"]}, "Did you mean: ['label.caption_photos']"),
        ({"from_nodes": ["qq"]}, "does not contain nodes named ['qq']"),
        ({"to_outputs": ["qq"]}, "does not contain datasets named ['qq']"),
        ({"tags": ["qq"]}, "contains no nodes after applying all provided filters"),
        ({"node_namespaces": ["qq"]}, "nodes with the following namespaces: ['qq']"),
    ],
)
def test_nodes_that_a_run_lacks_are_named_in_one_line(selected, sentence):
    with pytest.raises(ValueError) as raised:
        pipelines["__default__"].filter(**selected)
    told = sentence_of(raised.value)
    assert sentence in told and "\n" not in told


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ingst", "There is no pipeline 'ingst'. Did you mean 'ingest'?"),
        ("qq", "There is no pipeline 'qq'. There are balance, clean,"),
    ],
)
def test_a_pipeline_that_does_not_exist_is_named_with_the_nearest(name, sentence):
    from kedro.framework.session import KedroSession

    with KedroSession.create(ROOT) as session, pytest.raises(InputError) as raised:
        session.run(pipeline_names=[name])
    assert sentence in str(raised.value)


def test_a_port_in_use_is_named_with_the_option_for_another():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} is in use. Name another with --port"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
    with pytest.raises(InputError, match="Name another address with --host"):
        check_port("nowhere.invalid", port)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InputError("Do this."), "Do this."),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), DISK_FULL),
        (
            PermissionError(errno.EACCES, "Permission denied", "data/x.csv"),
            "'data/x.csv' cannot be",
        ),
    ],
)
def test_a_cause_that_a_user_can_correct_ends_in_its_sentence(error, sentence, capsys):
    shown = []
    try:
        raise DatasetError("Failed while loading data") from error
    except DatasetError:
        without_traceback(lambda *parts: shown.append(parts))(*sys.exc_info())
    assert f"Error: {sentence}" in capsys.readouterr().err
    assert not shown


def test_a_defect_keeps_its_traceback(capsys):
    shown = []
    try:
        raise KeyError("a defect")
    except KeyError:
        without_traceback(lambda *parts: shown.append(parts))(*sys.exc_info())
    assert len(shown) == 1
    assert not capsys.readouterr().err
