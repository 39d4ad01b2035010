"""The project's pipelines, by name."""

from importlib import import_module
from pkgutil import iter_modules

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

import lookbook.pipelines

# The tag of what `kedro run` alone runs.
DEFAULT = "default"


def register_pipelines() -> dict[str, Pipeline]:
    """Finds every pipeline; ``kedro run`` alone goes from photos to a searchable catalogue.

    Returns:
        Pipelines by name. ``__default__`` are the nodes tagged ``default``: it leaves out the
        pipelines that are run on their own.
    """
    pipelines = find_pipelines(raise_errors=True)
    everything = sum(pipelines.values(), Pipeline([]))
    return {**pipelines, "__default__": everything.only_nodes_with_tags(DEFAULT)}


def every_pipeline() -> dict[str, Pipeline]:
    """Makes every pipeline, whichever a run has asked for."""
    return {
        module.name: import_module(f"lookbook.pipelines.{module.name}").create_pipeline()
        for module in iter_modules(lookbook.pipelines.__path__)
    }
