"""Checkpoints that are whole or not there: written beside, synced, then renamed."""

from pathlib import Path
from typing import IO, Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from solobox.atomic import replacing
from solobox.errors import CheckpointError
from solobox.plain import refuse_bomb, refuse_unless_plain

FORMAT = 5  # of the "solobox" part of a checkpoint


class _Sink:
    """A file that remembers why it was not written; torch says "unexpected pos" instead."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.refusal: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.refusal = self.refusal or error
            raise

    def flush(self) -> None:
        self.file.flush()


class AtomicCheckpointIO(TorchCheckpointIO):
    """Replaces a checkpoint in one step, and reads plain data only.

    Lightning writes through $TMPDIR and moves, which is no longer atomic when that is another
    filesystem, and a full disk costs the previous checkpoint. Here the new file is complete and on
    the disk before it takes the old one's name.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write a checkpoint.

        Raises:
            CheckpointError: the disk is full, read-only or gone; the previous file is untouched.
        """
        path = Path(path)
        refusal: OSError | None = None
        try:
            with replacing(path, binary=True) as file:
                to = _Sink(file)
                try:
                    torch.save(checkpoint, to)  # type: ignore[arg-type]
                finally:
                    refusal = to.refusal
        except (OSError, RuntimeError) as error:
            why = refusal or error
            raise CheckpointError(
                f"cannot write the checkpoint {path} ({getattr(why, 'strerror', None) or why}); "
                f"the one before is whole. Free some space or check the permissions, then continue "
                f"from it"
            ) from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint; whatever is asked for, nothing in it is executed."""
        return read_checkpoint(path, map_location)


def read_checkpoint(path: str | Path, map_location: Any = "cpu") -> dict[str, Any]:
    """Read a checkpoint of plain data and tensors.

    Raises:
        CheckpointError: no such file, damaged, or holding more than plain data.
    """
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            raise FileNotFoundError
        refuse_bomb(path)
        checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"there is no checkpoint {path}") from None
    except Exception as error:  # torch raises many kinds for a damaged or hostile file
        first_line = str(error).strip().partition("\n")[0]
        raise CheckpointError(
            f"{path} is not a readable checkpoint of plain data ({first_line})"
        ) from error
    about = checkpoint.get("solobox") if isinstance(checkpoint, dict) else None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is not a checkpoint of this solobox; expected format {FORMAT}, "
            f"found {found_format(about)}"
        )
    try:
        refuse_unless_plain(about)
    except ValueError as error:
        raise CheckpointError(f"{path} is not a checkpoint of this solobox ({error})") from None
    return checkpoint


def found_format(about: Any) -> str:
    """What stands where a checkpoint says its format, in few words."""
    found = about.get("format", "none") if isinstance(about, dict) else "none"
    return str(found) if isinstance(found, int | str | None) else type(found).__name__
