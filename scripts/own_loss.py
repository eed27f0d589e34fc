"""A loss of your own in one file, without touching the package.

    python scripts/own_loss.py loss/localisation=corner_l1
    python scripts/own_loss.py -m loss/localisation=corner_l1,giou loss/combine=sum,max
    python scripts/own_loss.py --help          # lists corner_l1 beside ours

Continue such a run with this script too: python scripts/own_loss.py ckpt_path=...
"""

from hydra.core.config_store import ConfigStore
from torch import Tensor, nn

from solobox.boxes import to_corners
from solobox.cli.train import main


class CornerL1(nn.Module):
    """Absolute error of the box's corners instead of its centre and size.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,), >= 0.
    """

    def __init__(self, *, scale: float = 1.0) -> None:
        super().__init__()
        if not scale > 0:
            raise ValueError(f"scale must be > 0; found {scale}")
        self.scale = scale

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """One value a sample."""
        return self.scale * (to_corners(pred) - to_corners(target)).abs().sum(-1)


# What a YAML leaf would say: the class, and every parameter with its default.
ConfigStore.instance().store(
    group="loss/localisation",
    name="corner_l1",
    node={"_target_": f"{__name__}.CornerL1", "scale": 1.0},
)

if __name__ == "__main__":
    main()
