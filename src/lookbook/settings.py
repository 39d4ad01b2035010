"""Kedro's settings for this project."""

import os

from lookbook.config_loader import BASE, ConfigLoader
from lookbook.hooks import LoggingHooks, MissingInputHooks, SummaryHooks
from lookbook.photo_source import PhotoSource
from lookbook.run_checks import RunChecks

# Read when pyarrow is imported, which no module has done yet. Its own allocator keeps what is
# freed: some 40 MiB in a run over 30,000 photos.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# Lance warns of each table that it makes.
os.environ.setdefault("LANCEDB_LOG", "error")

HOOKS = (LoggingHooks(), PhotoSource(), RunChecks(), MissingInputHooks(), SummaryHooks())

CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": BASE,
    "default_run_env": "local",
    "config_patterns": {
        "parameters": ["parameters*", "parameters*/**", "products.yml"],
        "schema": ["schema.yml"],
    },
}
