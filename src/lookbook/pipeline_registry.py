"""The project's pipelines, by name."""

import re
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

import lookbook.pipelines
from lookbook.errors import InputError

# The tag of what `kedro run` alone runs.
DEFAULT = "default"


def register_pipelines() -> dict[str, Pipeline]:
    """Find every pipeline; ``kedro run`` alone goes from photos to a searchable catalogue.

    Returns:
        Pipelines by name. ``__default__`` are the nodes tagged ``default``: it leaves out the
        pipelines that are run on their own.

    Raises:
        InputError: If a run asks for a pipeline that does not exist; it suggests the nearest.
    """
    try:
        pipelines = find_pipelines(raise_errors=True)
    except ImportError as error:
        names = pipeline_names()
        missing = re.sub(r".*'lookbook\.pipelines\.(\w+)'.*", r"\1", str(error))
        if missing in (*names, str(error)):
            raise
        close = get_close_matches(missing, names, 1)
        advice = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(names)}."
        raise InputError(f"There is no pipeline '{missing}'. {advice}") from error
    if "ingest" in pipelines:
        # Photos are matched with the products that the shop's file names now.
        products = import_module("lookbook.pipelines.products")
        pipelines["ingest"] += products.create_pipeline()
    everything = sum(pipelines.values(), Pipeline([]))
    return {**pipelines, "__default__": everything.only_nodes_with_tags(DEFAULT)}


def every_pipeline() -> dict[str, Pipeline]:
    """Make every pipeline, whichever a run has asked for."""
    return {
        name: import_module(f"lookbook.pipelines.{name}").create_pipeline()
        for name in pipeline_names()
    }


def pipeline_names() -> list[str]:
    """List the packages of pipelines."""
    return [module.name for module in iter_modules(lookbook.pipelines.__path__)]
