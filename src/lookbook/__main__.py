"""Runs the installed package: ``python -m lookbook``, with the options of ``kedro run``."""

import sys
from pathlib import Path

from kedro.framework.project import configure_project


def main() -> None:
    """Configure the project and run a command of it: ``run`` where none is named."""
    configure_project(Path(__file__).parent.name)
    from kedro.framework.cli.project import run

    from lookbook.cli import cli

    arguments = sys.argv[1:]
    is_named = bool(arguments) and arguments[0] in cli.commands
    (cli if is_named else run)(arguments)


if __name__ == "__main__":
    main()
