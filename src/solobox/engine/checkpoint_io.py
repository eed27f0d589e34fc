"""Checkpoints that are whole or not there: written beside, synced, then renamed."""

import zipfile
from pathlib import Path
from typing import IO, Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from solobox.atomic import replacing
from solobox.errors import CheckpointError

FORMAT = 5  # of the "solobox" part of a checkpoint
LARGEST_PICKLE = 4 * 2**20  # bytes of all that is no tensor; a real checkpoint has some 100,000


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
        _refuse_bomb(path)
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
            f"found {about.get('format') if isinstance(about, dict) else 'none'}"
        )
    return checkpoint


def _refuse_bomb(path: str | Path) -> None:
    """What torch writes is a zip without compression, so that nothing in it grows when read.

    Raises:
        OSError, zipfile.BadZipFile, ValueError: it is not such a file.
    """
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename} in it is compressed, which torch never does")
            if entry.filename.endswith(".pkl") and entry.file_size > LARGEST_PICKLE:
                raise ValueError(
                    f"{entry.filename} in it has {entry.file_size} bytes; the limit is "
                    f"{LARGEST_PICKLE}"
                )
