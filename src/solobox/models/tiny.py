"""Our own small trunk, for the embedded data set and for laptops."""

from torch import Tensor, nn

from solobox.models.blocks import Residual, convolution


class Tiny(nn.Module):
    """Strided convolutions down to a stride of 8, with residual ones between.

    Shape:
        images (B, 3, H, W), H and W multiples of 8 -> (B, 96, H / 8, W / 8).
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(3, 16, stride=2),
            convolution(16, 32, stride=2),
            Residual(32),
            convolution(32, 64, stride=2),
            Residual(64),
            convolution(64, 96),
            Residual(96),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)
