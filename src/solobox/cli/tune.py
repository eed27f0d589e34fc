"""`solobox tune`: a learning rate to start with, and the largest batch that fits."""

import tempfile
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from solobox.cli import app
from solobox.cli.settings import check_types, plain
from solobox.errors import ConfigError


def main() -> None:
    """Entry point of `solobox tune`."""
    app.run(tune)


def tune(cfg: DictConfig) -> float:
    """Ask Lightning's finders about a run; returns the learning rate. Nothing is kept."""
    typed = list(HydraConfig.get().overrides.task)
    settings = plain(cfg)
    check_types(settings, typed)

    from lightning import seed_everything

    from solobox.cli.build import build_data, build_module
    from solobox.engine.find import largest_batch, learning_rate
    from solobox.engine.hardware import for_this_machine
    from solobox.engine.quiet import quiet

    quiet()
    if settings["ckpt_path"] is not None:
        raise ConfigError("solobox tune asks about a new run; leave ckpt_path out")
    settings["trainer"] = for_this_machine(settings["trainer"])
    seed_everything(settings["seed"], workers=True, verbose=False)
    data = build_data(settings)
    module = build_module(settings, data, typed)
    with tempfile.TemporaryDirectory() as folder:
        rate = learning_rate(module, data, settings["trainer"], Path(folder))
        batch = largest_batch(module, data, settings["trainer"], Path(folder))
    print(f"Learning rate where the loss falls fastest: optimizer.lr={rate:.1e}")
    print(f"Largest batch tried that fits: data.batch_size={batch}")
    print("A larger batch makes fewer steps of an epoch; the rate was found for the present one.")
    return rate
