"""A GPU that is none, to find where the host would wait for one, or two devices meet.

Its tensors compute on the CPU. Kernels, precision and speed are not those of a GPU.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

aten = torch.ops.aten
DEVICE = torch.device("meta")  # a name that autograd knows, and that nobody else uses here
ANSWERS = {aten._local_scalar_dense.default, aten.equal.default, aten.is_nonzero.default}
# What CUDA cannot give before it has done all it was told to.
WAITING = ANSWERS | {aten.nonzero.default, aten.masked_select.default, aten._unique2.default,
                     aten.repeat_interleave.Tensor}  # fmt: skip
MAY_MIX = {aten._to_copy.default, aten.copy_.default}  # both devices


class OnDevice(Tensor):
    """A tensor of the GPU, which keeps its values on the CPU."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "OnDevice":
        made = Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), storage_offset=inner.storage_offset(),
            dtype=inner.dtype, device=DEVICE,
        )  # fmt: skip
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"{func} of the GPU outside of FakeGpu")


class FakeGpu(TorchDispatchMode):
    """Within it `DEVICE` is a GPU.

    Attributes:
        waits: the operations for which the host waited.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        here, to = any(isinstance(t, OnDevice) for t in tensors), kwargs.get("device")
        if not here and to != DEVICE:
            return func(*args, **kwargs)
        # A single number may come from the CPU.
        strange = [t for t in tensors if not isinstance(t, OnDevice) and t.dim() > 0]
        if here and strange and func not in MAY_MIX:
            raise RuntimeError(f"{func}: expected all tensors on one device, found two")
        leaves = here and to is not None and to != DEVICE
        if leaves or func in WAITING or _masks(func, args) or _copies_back(func, args):
            self.waits.append(str(func))
        options = _inner(kwargs) | ({} if to is None else {"device": torch.device("cpu")})
        out = func(*_inner(args), **options)
        if leaves or func in ANSWERS:
            return out
        wrapped = tree_map_only(Tensor, OnDevice, out)
        return return_and_correct_aliasing(func, args, kwargs, wrapped) if here else wrapped


def _inner(values: Any) -> Any:
    return tree_map_only(OnDevice, lambda tensor: tensor.inner, values)


def _masks(func: Any, args: Any) -> bool:
    """Whether how many elements come out depends on values."""
    return func is aten.index.Tensor and any(
        index is not None and index.dtype == torch.bool for index in args[1]
    )


def _copies_back(func: Any, args: Any) -> bool:
    return func is aten.copy_.default and not isinstance(args[0], OnDevice)
