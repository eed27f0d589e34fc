"""The same losses throughout."""

from solobox.losses.loss_schedule import LossSchedule


class Constant(LossSchedule):
    """The same losses throughout, without parameters.

    L(t) = L.
    """

    def __init__(self) -> None:
        super().__init__({"all": {}})
