"""What our own trunks are made of."""

from torch import Tensor, nn


class Residual(nn.Module):
    """A convolution that adds to what it gets."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = convolution(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.layer(features)


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution with BatchNorm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
