"""How a trained model is asked when it is judged."""

from solobox.models.localiser import Localiser
from solobox.models.mirrored import Mirrored
from solobox.models.zoomed import Zoomed

Asked = Localiser | Mirrored | Zoomed


def asked(model: Localiser, *, flip: bool, zoom: bool) -> Asked:
    """Once, or with mirror images, a second look, or both: four times the work of one."""
    mirrored = Mirrored(model) if flip else model
    return Zoomed(mirrored) if zoom else mirrored
