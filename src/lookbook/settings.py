"""Kedro's settings for this project."""

from lookbook.config_loader import ConfigLoader
from lookbook.hooks import MissingInputHooks, SummaryHooks

HOOKS = (MissingInputHooks(), SummaryHooks())

CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {
        "parameters": ["parameters*", "parameters*/**", "fields.yml"],
    },
}
