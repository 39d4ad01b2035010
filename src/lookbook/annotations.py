"""Types of heavy libraries, for annotations only.

Kedro resolves a node's annotations when it validates parameters. Importing these libraries
for that would cost every ``kedro`` command seconds, so at run time the names mean ``Any``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lancedb.table import Table as LanceTable
    from matplotlib.figure import Figure as MatplotlibFigure
    from plotly.graph_objects import Figure as PlotlyFigure
    from pyarrow import Table as ArrowTable
    from sentence_transformers import SentenceTransformer
    from torch import Tensor
    from torch.nn import Module as TorchModule
else:
    LanceTable = MatplotlibFigure = PlotlyFigure = ArrowTable = Any
    SentenceTransformer = Tensor = TorchModule = Any

__all__ = [
    "ArrowTable",
    "LanceTable",
    "MatplotlibFigure",
    "PlotlyFigure",
    "SentenceTransformer",
    "Tensor",
    "TorchModule",
]
