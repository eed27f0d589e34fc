"""The share of training time that waits for images: `make bench`.

    python scripts/bench_waiting.py data.root=../shared/data/raccoon_kangaroo
    python scripts/bench_waiting.py data.root=../shared/data/raccoon_kangaroo data.num_workers=1

Options are those of train.py. From the end of a step to the start of the next one is waiting: for
the batch, and for what the trainer does in between. Epochs' first steps are left out, since
validation lies before them; the median over epochs is quoted.
"""

import argparse
import statistics
import tempfile
import time
from typing import Any

from lightning import Callback, Trainer

from solobox.cli.beside import sentences, settings_of
from solobox.cli.build import build_data, build_module
from solobox.engine.memory import keep_freed_memory
from solobox.engine.quiet import quiet

WARM_UP = 1  # epochs, in which kernels are chosen


class Wait(Callback):
    """Adds up, for each epoch, the seconds between steps and those within."""

    def __init__(self) -> None:
        self.epochs: list[tuple[float, float]] = []

    def on_train_epoch_start(self, *_: Any) -> None:
        """Begin anew."""
        self.between, self.within, self.ended = 0.0, 0.0, 0.0

    def on_train_batch_start(self, *_: Any) -> None:
        """The batch is there."""
        self.started = time.perf_counter()
        if self.ended:
            self.between += self.started - self.ended

    def on_train_batch_end(self, *_: Any) -> None:
        """The step is done."""
        now = time.perf_counter()
        if self.ended:
            self.within += now - self.started
        self.ended = now

    def on_train_epoch_end(self, *_: Any) -> None:
        """Keep the sums."""
        self.epochs.append((self.between, self.within))


def main() -> None:
    """Train some epochs and print the share."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("options", nargs="*")
    parser.add_argument("--epochs", type=int, default=6)
    arguments = parser.parse_intermixed_args()
    typed = ["data=auto", "model=mobilenet_v2", *arguments.options]
    with tempfile.TemporaryDirectory() as cache, sentences(typed):
        settings = settings_of([*typed, f"data.cache_dir={cache}"])
        quiet()
        keep_freed_memory()
        start = time.perf_counter()
        data = build_data(settings)
        print(f"packing {len(data.train)} + {len(data.val)}: {time.perf_counter() - start:.2f} s")
        module = build_module(settings, data, typed)
        wait = Wait()
        Trainer(
            accelerator="cpu", max_epochs=WARM_UP + arguments.epochs, callbacks=[wait],
            logger=False, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False, limit_val_batches=0,
        ).fit(module, datamodule=data)  # fmt: skip
    measured = wait.epochs[WARM_UP:]
    shares = [between / (between + within) for between, within in measured]
    seconds = statistics.median(between + within for between, within in measured)
    print(
        f"waiting: {100 * statistics.median(shares):.2f} % of training, median of {len(shares)} "
        f"epochs ({100 * min(shares):.2f} .. {100 * max(shares):.2f}) of {seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
