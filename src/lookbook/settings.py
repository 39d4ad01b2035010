"""Kedro's settings for this project."""

from lookbook.hooks import MissingInputHooks, SummaryHooks

HOOKS = (MissingInputHooks(), SummaryHooks())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
}
