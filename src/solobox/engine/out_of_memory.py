"""What a person reads when memory is full."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from solobox.errors import ConfigError

# What torch says on a CPU and on a GPU; neither is a MemoryError.
_FULL = re.compile(r"can't allocate memory|out of memory", re.IGNORECASE)


@contextmanager
def full_memory_said() -> Iterator[None]:
    """Turn the errors of numpy and torch into a sentence.

    Raises:
        ConfigError: memory was full.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not _FULL.search(str(error)):
            raise
        where = "the GPU's memory" if "CUDA" in str(error) else "memory"
        asked = re.search(r"([\d.]+ ?(?:bytes|[KMGTPE]iB))", str(error))
        wanted = f", {asked[1]} more were asked for" if asked else ""
        raise ConfigError(
            f"{where} is full{wanted}: the batch, the model or the data set does not fit. Take a "
            f"smaller data.batch_size (with trainer.accumulate_grad_batches a step still sees as "
            f"many images), data.size or model; data.cache=disk keeps images out of memory"
        ) from error
