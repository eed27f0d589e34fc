"""`train.py --help`: every choice, and the settings that the typed options give.

Hydra's own page composes everything anew for each group, half a second in all.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from omegaconf import OmegaConf

from solobox.cli.beside import sentences
from solobox.cli.config_files import config_files

HEAD = """\
Train a CNN that says what the one object in an image is, and where.

  python train.py                                    the embedded data set, about a minute
  python train.py loss=focal_balancedl1              another loss
  python train.py loss/classification=focal loss/localisation=giou loss/combine=max
  python train.py -m loss=ce_l2,ce_giou seed=0,1     a sweep
  python train.py +sweep=losses                      a ready-made sweep; then: solobox study runs/sweep-losses
  python train.py data=voc data.root=FOLDER model=mobilenet_v2    your photographs

Choices (group=option):
"""  # noqa: E501
TAIL = (
    "More: --cfg job (print the composed config), -m (sweep), hydra/sweeper=optuna (search), "
    "--config-dir DIR (your own options)."
)
WORDS = {"--help", "-h"}


def show(typed: Sequence[str]) -> None:
    """Print the page; a mistyped option ends in its sentence and exit code 1."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    flags, words = parser.parse_known_args(typed)
    options = [word for word in words if not word.startswith("-")]
    with sentences(options):
        print(page(options, flags.config_dir))


def page(options: Sequence[str], own: Path | None) -> str:
    """The page.

    Args:
        options: `group=option` and `key=value`; the settings are shown as they make them.
        own: a user's own config files.

    Raises:
        HydraException: an option that does not exist.
        ConfigError: `own` is no folder.
    """
    with config_files(own):
        loader = GlobalHydra.instance().config_loader()
        lines = [f"{group}: {', '.join(names)}" for group, names in choices(loader)]
        settings = OmegaConf.to_yaml(compose("train", overrides=list(options)))
    return "\n".join(
        [HEAD, *lines, "", "Settings and their values now (key=value):", "", settings, TAIL]
    )


def choices(loader: ConfigLoader, inside: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each group with its options, the groups within it after it."""
    repository = loader.repository  # type: ignore[attr-defined]
    if options := repository.get_group_options(inside, ObjectType.CONFIG) if inside else []:
        yield inside, options
    for name in repository.get_group_options(inside, ObjectType.GROUP):
        if inside or not name.startswith("hydra"):
            yield from choices(loader, f"{inside}/{name}" if inside else name)
