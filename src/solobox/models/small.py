"""Our own trunk for photographs, where there are no pretrained weights."""

from torch import Tensor, nn

from solobox.models.blocks import Residual, convolution


class Small(nn.Module):
    """Strided convolutions down to a stride of 16, with residual ones between.

    Shape:
        images (B, 3, H, W), H and W multiples of 16 -> (B, 144, H / 16, W / 16).
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(3, 24, stride=2),
            convolution(24, 48, stride=2),
            Residual(48),
            convolution(48, 96, stride=2),
            Residual(96),
            convolution(96, 144, stride=2),
            Residual(144),
            Residual(144),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)
