"""Frozen convolutions: their gradients are torch's own."""

import pytest
import torch
from torch import nn

from lookbook.distillation.network import FrozenDepthwise


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5])
def test_the_gradient_through_a_frozen_convolution_is_torchs_own(size, stride, kernel):
    torch.manual_seed(0)
    convolution = nn.Conv2d(6, 6, kernel, stride, groups=6)
    convolution.static_padding = nn.ZeroPad2d((1, 2, 1, 2))
    frozen = FrozenDepthwise(convolution).train()
    maps = torch.randn(2, 6, size, size, requires_grad=True)
    theirs = convolution(convolution.static_padding(maps))
    weights = torch.randn_like(theirs)
    (wanted,) = torch.autograd.grad((theirs * weights).sum(), maps)

    ours = frozen(maps)

    (found,) = torch.autograd.grad((ours * weights).sum(), maps)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(found, wanted)
    assert not list(frozen.parameters())
    torch.testing.assert_close(frozen.eval()(maps), theirs)
