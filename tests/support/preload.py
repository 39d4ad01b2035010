"""All that takes long to import, for the process that others are forked off."""

import os
from contextlib import suppress
from importlib import import_module

from configurations import parse_now, parse_once

# Not lancedb itself, whose threads do not survive a fork: only what it imports. Nor lookbook.cli,
# whose exception hook comes after the one of Kedro's logging.
MODULES = (
    "IPython", "PIL.AvifImagePlugin", "accelerate.utils.memory", "dynaconf", "gradio", "imagehash",
    "kedro.framework.cli.cli", "kedro.framework.session", "kedro_datasets.json.json_dataset",
    "kedro_datasets.matplotlib.matplotlib_dataset", "kedro_datasets.pandas.csv_dataset",
    "kedro_datasets.plotly.json_dataset", "kedro_datasets.text.text_dataset",
    "kedro_telemetry.plugin", "kedro_viz.integrations.kedro.hooks", "kedro_viz.launchers.cli.main",
    "lance_namespace", "llguidance.hf", "llguidance.torch", "lookbook.captioners.api",
    "lookbook.captioners.huggingface", "lookbook.captioners.ray",
    "lookbook.datasets.engine_dataset", "lookbook.datasets.shards_dataset", "lookbook.hooks",
    "matplotlib.backends.backend_agg", "matplotlib.pyplot", "onnxruntime.quantization",
    "overrides", "pandas", "pathspec", "pyarrow.parquet", "ray.data", "rich.table",
    "sentence_transformers", "tqdm", "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
    "transformers.models.mllama.image_processing_pil_mllama",
    "transformers.models.mllama.modeling_mllama", "transformers.models.mllama.processing_mllama",
)  # fmt: skip


def preload() -> None:
    """Import the modules and what a first figure imports of plotly, and parse configurations."""
    for name in MODULES:
        # Extras that are not installed are no loss.
        with suppress(ImportError):
            import_module(name)
    import plotly.express as px

    from lookbook.pipeline_registry import every_pipeline

    every_pipeline()
    parse_once()
    parse_now()
    px.bar({"x": [1], "y": [1]}, x="x", y="y").update_layout(showlegend=False).to_json()
    px.imshow([[1]])


preload()
# It was there for this module alone.
os.environ.pop("PYTHONPATH", None)
