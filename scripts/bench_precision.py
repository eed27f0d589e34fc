"""Which precision, memory format and compilation suit a trunk on this machine: `make bench`.

    python scripts/bench_precision.py
    python scripts/bench_precision.py --backbones resnet18 --size 224 --device cuda
    python scripts/bench_precision.py --ways "float32" "float32, channels last, compiled"

Training steps of each way take turns; medians of images/s, as multiples of the first way: float32
in the usual memory format (batch, channels, height, width).
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from solobox import models
from solobox.engine.memory import keep_freed_memory
from solobox.losses import build

FORMATS = {"": torch.contiguous_format, ", channels last": torch.channels_last}
WAYS = {
    kind + memory + how: (FORMATS[memory], kind == "bfloat16", bool(how))
    for kind, memory, how in itertools.product(
        ("float32", "bfloat16"), FORMATS, ("", ", compiled")
    )
}  # fmt: skip


def main() -> None:
    """Measure and print a line a trunk and way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbones", nargs="+", default=[
        "tiny", "resnet18", "mobilenet_v2", "mobilenet_v3_small", "squeezenet1_0",
    ])  # fmt: skip
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--ways",
        nargs="+",
        choices=WAYS,
        metavar="WAY",
        default=[way for way in WAYS if "compiled" not in way],
        help="the first is what the others are compared with; " + "; ".join(WAYS),
    )
    arguments = parser.parse_args()
    keep_freed_memory()
    for backbone in arguments.backbones:
        steps = {way: step_of(backbone, arguments, *WAYS[way]) for way in arguments.ways}
        seconds: dict[str, list[float]] = {name: [] for name in steps}
        for i in range(2 + arguments.rounds):
            for name, step in steps.items():
                start = time.perf_counter()
                step()
                if i >= 2:  # kernels are chosen in the first ones
                    seconds[name].append(time.perf_counter() - start)
        usual = seconds[arguments.ways[0]]
        for name, taken in seconds.items():
            rate = arguments.batch / statistics.median(taken)
            times = statistics.median(a / b for a, b in zip(usual, taken, strict=True))
            print(f"{backbone} at {arguments.size} px, {name}: {rate:.0f} images/s, {times:.2f}")


def step_of(
    backbone: str, options: argparse.Namespace, memory: torch.memory_format, half: bool,
    compiled: bool,
) -> Callable[[], None]:  # fmt: skip
    """A training step of a model of its own."""
    torch.manual_seed(0)
    device = torch.device(options.device)
    model = models.build({
        "backbone": backbone, "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["a", "b"], "size": options.size, "resize": "squash", "channels": 3,
        "fine": False,
    }).to(device, memory_format=memory)  # fmt: skip
    if compiled:
        model.trunk.compile()
    images = torch.randint(0, 256, (options.batch, 3, options.size, options.size), device=device)
    images = images.to(torch.uint8).to(memory_format=memory)
    labels = torch.arange(options.batch, device=device) % 2
    boxes = 0.2 + 0.5 * torch.rand(options.batch, 4, device=device)
    giou = build("localisation", "giou")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            features = model.features(images)
        logits, box = model.outputs(features).split((2, 4), dim=1)
        loss = nn.functional.cross_entropy(logits, labels) + giou(box, boxes).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return step


if __name__ == "__main__":
    main()
