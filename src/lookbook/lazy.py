"""Heavy libraries that node modules name but should not import.

Every ``kedro`` command imports all node modules. Types of libraries that a node only
annotates mean ``Any`` at run time, where Kedro resolves annotations to validate parameters;
``pd`` is pandas, imported when it is first used. Together that saves each command seconds.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure
    from plotly.graph_objects import Figure as PlotlyFigure
    from pyarrow import Table as ArrowTable
    from torch import Tensor
    from torch.nn import Module as TorchModule
else:
    import lazy_loader

    pd = lazy_loader.load("pandas")
    MatplotlibFigure = PlotlyFigure = ArrowTable = Any
    Tensor = TorchModule = Any

__all__ = [
    "ArrowTable",
    "MatplotlibFigure",
    "PlotlyFigure",
    "Tensor",
    "TorchModule",
    "pd",
]
