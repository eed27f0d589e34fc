"""Full memory is said in a sentence."""

import numpy as np
import pytest
import torch

from solobox.engine.out_of_memory import full_memory_said
from solobox.errors import ConfigError


def test_what_numpy_cannot_have_is_said() -> None:
    with pytest.raises(ConfigError, match=r"^memory is full, 8\.00 PiB more.*data\.batch_size"), \
            full_memory_said():  # fmt: skip
        np.empty(2**50, np.float64)


def test_what_torch_cannot_have_is_said() -> None:
    with pytest.raises(ConfigError, match=r"^memory is full, 4503599627370496 bytes more"), \
            full_memory_said():  # fmt: skip
        torch.empty(2**50)


def test_a_gpu_is_named() -> None:
    text = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79.10 GiB"
    with pytest.raises(ConfigError, match=r"the GPU's memory is full, 2\.50 GiB more"), \
            full_memory_said():  # fmt: skip
        raise torch.OutOfMemoryError(text)


def test_another_error_keeps_its_trace() -> None:
    with pytest.raises(RuntimeError, match="shapes"), full_memory_said():
        raise RuntimeError("shapes differ")
