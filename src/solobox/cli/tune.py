"""`solobox tune`: a learning rate to start with, and the largest batch that fits."""

import argparse
import tempfile
from pathlib import Path

from solobox.cli.beside import sentences, settings_of
from solobox.cli.settings import Settings
from solobox.errors import ConfigError


def main() -> None:
    """Entry point of `solobox tune`."""
    parser = argparse.ArgumentParser(
        prog="solobox tune",
        description="Find a learning rate and the largest batch for a run with these options.",
    )
    parser.add_argument(
        "options", nargs="*", metavar="option",
        help="as for train, such as data=auto data.root=FOLDER model=resnet18",
    )  # fmt: skip
    options = parser.parse_args().options
    with sentences(options):
        tune(settings_of(options), options)


def tune(settings: Settings, typed: list[str]) -> None:
    """Ask Lightning's finders about a run; nothing is kept."""
    from lightning import seed_everything

    from solobox.cli.build import build_data, build_module
    from solobox.engine.find import largest_batch, learning_rate
    from solobox.engine.hardware import for_this_machine
    from solobox.engine.memory import keep_freed_memory
    from solobox.engine.quiet import quiet
    from solobox.engine.ranks import processes

    quiet()
    keep_freed_memory()
    if settings["ckpt_path"] is not None:
        raise ConfigError("solobox tune asks about a new run; leave ckpt_path out")
    settings["trainer"] = for_this_machine(settings["trainer"])
    if processes(settings["trainer"]) > 1:
        raise ConfigError(
            "solobox tune looks at one device; leave trainer=ddp out, and multiply the batch it "
            "finds by the number of devices"
        )
    seed_everything(settings["seed"], workers=True, verbose=False)
    data = build_data(settings)
    module = build_module(settings, data, typed)
    with tempfile.TemporaryDirectory() as folder:
        rate = learning_rate(module, data, settings["trainer"], Path(folder))
        batch = largest_batch(module, data, settings["trainer"], Path(folder))
    print(f"Learning rate where the loss falls fastest: optimizer.lr={rate:.1e}")
    print(f"Largest batch tried that fits: data.batch_size={batch}")
    print("A larger batch makes fewer steps of an epoch; the rate was found for the present one.")
