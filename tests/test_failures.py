import errno
import os
import socket

import click
import pytest
from kedro.framework.startup import bootstrap_project
from kedro.io.core import DatasetError

from lookbook.cli import check_port, run
from lookbook.errors import InputError
from lookbook.failures import DISK_FULL, check_selection, in_a_sentence
from project import ROOT


@pytest.fixture(scope="module", autouse=True)
def pipelines():
    bootstrap_project(ROOT)


def select(*arguments):
    """Checks what `kedro run` is asked for."""
    check_selection(run.make_context("run", [*arguments]).params)


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--pipelines=ingst", "There is no pipeline 'ingst'. Did you mean 'ingest'?"),
        ("--pipelines=ingest,qq", "There is no pipeline 'qq'. There are __default__, balance,"),
        ("--nodes=caption_photos", "Did you mean 'label.caption_photos'?"),
        ("--from-nodes=qq", "There is no node 'qq' in this run. 'kedro registry describe' lists"),
        ("--to-nodes=inspect_photo", "Did you mean 'ingest.inspect_photos'?"),
        ("--to-outputs=qq", "does not contain datasets named ['qq']"),
        ("--tags=qq", "contains no nodes after applying all provided filters"),
        ("--namespaces=qq", "does not contain nodes with the following namespaces: ['qq']"),
        ("--runner=Threads", "There is no runner 'Threads'"),
        ("--runner=no.such.Runner", "There is no runner 'no.such.Runner'"),
    ],
)
def test_what_a_run_has_not_is_named(argument, sentence):
    with pytest.raises(InputError) as raised:
        select(argument)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_a_run_has_is_taken():
    select()
    select("--pipelines=ingest,label", "--from-nodes=label.plan_captions", "--runner=ThreadRunner")
    select("--runner=kedro.runner.SequentialRunner", "--namespaces=clean", "--tags=default")


def test_a_port_in_use_is_named_with_the_option_for_another():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} is in use: name another with --port"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
    with pytest.raises(InputError, match="name another with --host"):
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
def test_a_cause_that_a_user_can_correct_ends_in_its_sentence(error, sentence):
    with pytest.raises(click.ClickException) as raised, in_a_sentence():
        raise DatasetError("Failed while loading data") from error
    assert sentence in raised.value.message


def test_a_defect_keeps_its_traceback():
    with pytest.raises(KeyError), in_a_sentence():
        raise KeyError("a defect")
