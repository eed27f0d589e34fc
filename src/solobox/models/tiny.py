"""Our own small trunk, for the embedded data set and for laptops."""

from torch import Tensor, nn


class Tiny(nn.Module):
    """Strided convolutions down to a stride of 8, with residual ones between.

    Shape:
        images (B, 3, H, W), H and W multiples of 8 -> (B, 96, H / 8, W / 8).
    """

    channels = 96

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _convolution(3, 16, stride=2),
            _convolution(16, 32, stride=2),
            _Residual(32),
            _convolution(32, 64, stride=2),
            _Residual(64),
            _convolution(64, 96),
            _Residual(96),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = _convolution(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.layer(features)


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
