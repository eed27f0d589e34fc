"""What keeping freed memory brings a training step on the CPU: `make bench`.

    python scripts/bench_memory.py                       # mobilenet_v2 at 192 px, batch 32
    python scripts/bench_memory.py --backbone tiny --size 64

Steps without and with it, in processes of their own that take turns; the setting cannot be undone
within one. Prints the medians of a step, its share spent in the system, and their ratio.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import torch

from solobox.engine.memory import keep_freed_memory
from solobox.models import build

WARM_UP, STEPS = 3, 10


def main() -> None:
    """Run pairs of processes, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbone", default="mobilenet_v2")
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--as", dest="role", choices=("given", "kept"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        if arguments.role == "kept":
            assert keep_freed_memory(), "this system has no glibc"
        print(json.dumps(steps(arguments.backbone, arguments.size, arguments.batch)))
        return
    seconds: dict[str, list[float]] = {"given": [], "kept": []}
    system: dict[str, list[float]] = {"given": [], "kept": []}
    for _ in range(arguments.rounds):
        for role in seconds:
            ran = subprocess.run(
                [sys.executable, *sys.argv, "--as", role], check=True, stdout=subprocess.PIPE
            )
            step, share = json.loads(ran.stdout)
            seconds[role].append(step)
            system[role].append(share)
    for role, name in (("given", "given back"), ("kept", "kept")):
        print(
            f"{name}: {1000 * statistics.median(seconds[role]):.0f} ms a step, "
            f"{100 * statistics.median(system[role]):.0f} % of the processor's time in the system"
        )
    ratios = [a / b for a, b in zip(seconds["given"], seconds["kept"], strict=True)]
    print(
        f"kept is {statistics.median(ratios):.2f} times as fast "
        f"({min(ratios):.2f} .. {max(ratios):.2f}), {arguments.rounds} pairs"
    )


def steps(backbone: str, size: int, batch: int) -> tuple[float, float]:
    """Median seconds of a step, and the system's share of the processor's time."""
    torch.manual_seed(0)
    description = {
        "backbone": backbone, "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["C1", "C2"], "size": size, "resize": "squash", "channels": 3, "fine": False,
    }  # fmt: skip
    model = build(description).to(memory_format=torch.channels_last)
    images = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters())
    taken = []
    for i in range(WARM_UP + STEPS):
        if i == WARM_UP:
            before = resource.getrusage(resource.RUSAGE_SELF)
        start = time.perf_counter()
        optimizer.zero_grad()
        model(images).square().mean().backward()
        optimizer.step()
        taken.append(time.perf_counter() - start)
    after = resource.getrusage(resource.RUSAGE_SELF)
    system, user = after.ru_stime - before.ru_stime, after.ru_utime - before.ru_utime
    return statistics.median(taken[WARM_UP:]), system / (system + user)


if __name__ == "__main__":
    main()
