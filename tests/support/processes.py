"""Fresh processes in milliseconds: forked off one that has imported what takes long."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from kedro.framework.cli.cli import main

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
# Progress bars and colours have no place in what the tests read. What was compiled is kept.
ENVIRONMENT = {
    **os.environ, "TQDM_DISABLE": "1", "COLUMNS": "120", "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "",
}  # fmt: skip
_LIMIT = 300
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["preload"])


def start(target: Callable[[], Any]) -> Any:
    """Starts a process that calls a function, and gives it."""
    # Where the module of all imports is; a missing one would be passed over in silence.
    here = {"PYTHONPATH": str(Path(__file__).parent)}
    with patch.dict(os.environ, {**ENVIRONMENT, **here}, clear=True):
        forkserver.ensure_running()
    process = _CONTEXT.Process(target=target)
    process.start()
    return process


def type_kedro(project: Path, *arguments: str) -> CompletedProcess[str]:
    """Types ``kedro ...`` in a project's folder; for tests that change :data:`ENVIRONMENT`."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT,
    )


def run_kedro(project: Path, *arguments: str) -> CompletedProcess[str]:
    """The same where all that takes long is imported, in the environment of the first time."""
    with TemporaryDirectory() as folder:
        told = [Path(folder) / name for name in ("out.txt", "err.txt")]
        process = start(partial(_kedro, project, arguments, told))
        process.join(_LIMIT)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"kedro {' '.join(arguments)}: {told[1].read_text()[-3000:]}")
        command = ["kedro", *arguments]
        return CompletedProcess(command, process.exitcode, *(file.read_text() for file in told))


def serve_kedro(project: Path, arguments: tuple[str, ...], log: Path) -> None:
    """Run a command of Kedro that serves, in a process group of its own."""
    os.setsid()
    _kedro(project, arguments, [log, log])


def _kedro(project: Path, arguments: tuple[str, ...], told: list[Path]) -> None:
    for number, file in enumerate(told, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.chdir(project)
    sys.argv = ["kedro", *arguments]
    try:
        main()
    except Exception:
        # As an interpreter does; a process that was forked off prints a traceback.
        sys.excepthook(*sys.exc_info())
        sys.exit(1)
    finally:
        # As an interpreter does; a process that was forked off does not.
        atexit._run_exitfuncs()
