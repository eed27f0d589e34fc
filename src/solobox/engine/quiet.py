"""Silence what a person can do nothing about."""

import logging
import warnings


def quiet() -> None:
    """Keep Lightning's notices off the screen, and those of its warnings that do not apply here."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.handlers.clear()  # under Hydra each line would appear twice
        logger.setLevel(logging.ERROR)
    ignored = (
        ".*could be decompression bomb.*",  # images over 100 Mpx are refused with a sentence
        ".*does not have many workers.*",  # images are in memory already
        ".*smaller than the logging interval.*",  # small data sets are welcome
        ".*your dataloader is not resumable.*",  # it is: its order is a function of the step
        ".*GPU available but not used.*",  # trainer=cpu was asked for
        ".*Checkpoint directory .* exists and is not empty.*",  # a resumed run
        ".*sync_dist=True.*",  # metrics are of all processes already
        ".*broadcast_buffers. is deprecated.*",  # its successor is not in the oldest torch
        ".*isinstance.treespec, LeafSpec.*",  # Lightning's own call, deprecated in torch
    )
    for message in ignored:
        warnings.filterwarnings("ignore", message)
