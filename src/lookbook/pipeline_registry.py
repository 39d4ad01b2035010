"""The project's pipelines, by name."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT = ("ingest", "balance", "label", "clean", "index")


def register_pipelines() -> dict[str, Pipeline]:
    """Finds every pipeline; ``kedro run`` alone goes from photos to a searchable catalogue.

    Returns:
        Pipelines by name. ``__default__`` leaves out those that are run on their own:
        ``sample`` redraws the bundled photos, ``train`` makes a release of the network, and
        ``serving`` answers one customer.
    """
    pipelines = find_pipelines(raise_errors=True)
    # `kedro run --pipelines=X` makes Kedro find X alone.
    if pipelines.keys() >= set(DEFAULT):
        pipelines["__default__"] = sum((pipelines[name] for name in DEFAULT), Pipeline([]))
    return pipelines
