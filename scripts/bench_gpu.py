"""What a CUDA GPU makes of the trainer, in one command.

    python scripts/bench_gpu.py                   # every part, some minutes
    python scripts/bench_gpu.py --device cpu --seconds 2 --backbones tiny --size 32 --batch 8

Needs torch, torchvision, lightning and src/ (or an installed solobox), nothing else. Prints, with
the device's name:

- efficiency: images/s of Lightning's Trainer on our module, with what watches it (average of the
  weights, balance, suspects), against a bare loop on float images that lie on the device, in
  float32, bfloat16 and bfloat16 compiled; the share of the time in which the GPU works, and
  whether it waits for the host.
- combinations: what each adds to a step in float32.
- at once: images/s of several small runs on the one GPU, and as multiples of one alone.
"""

import argparse
import math
import statistics
import subprocess
import sys
import time
from copy import deepcopy
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts")]

import torch  # noqa: E402 (after the path is set)
from bench_combine import STATS, Step  # noqa: E402
from bench_trainer import WARM_UP, BareLoop, Turns, floats_of  # noqa: E402
from lightning import Callback, Trainer  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402

from solobox import models  # noqa: E402
from solobox.callbacks.balance_panel import BalancePanel  # noqa: E402
from solobox.callbacks.clock import Clock  # noqa: E402
from solobox.callbacks.ema import Ema  # noqa: E402
from solobox.callbacks.finite import Finite  # noqa: E402
from solobox.callbacks.suspects import Suspects  # noqa: E402
from solobox.data.augment import Augment  # noqa: E402
from solobox.data.datamodule import DataModule  # noqa: E402
from solobox.data.synthetic import Synthetic  # noqa: E402
from solobox.engine.quiet import quiet  # noqa: E402
from solobox.losses import available, build  # noqa: E402
from solobox.losses.objective import Objective  # noqa: E402
from solobox.losses.schedule.constant import Constant  # noqa: E402
from solobox.module import SoloboxModule  # noqa: E402

WAYS = {"float32": ("32-true", False), "bfloat16": ("bf16-mixed", False),
        "bfloat16, compiled": ("bf16-mixed", True)}  # fmt: skip
BLOCK = 20  # steps
BUSY = 0.9  # share of the time; below it the GPU waits for the host


def main() -> None:
    """Run the parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--backbones", nargs="+", default=["resnet18", "mobilenet_v3_small"])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--runs", type=int, nargs="+", default=[4, 8], help="small runs at once")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA GPU; --device cpu tries the script out")
    quiet()
    if arguments.one:
        print(small_run(arguments.device, arguments.seconds))
        return
    name = torch.cuda.get_device_name() if arguments.device == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}")
    for backbone in arguments.backbones:
        for way, (precision, compiled) in WAYS.items():
            said = efficiency(arguments, backbone, precision, compiled)
            print(f"{backbone} at {arguments.size} px, batch {arguments.batch}, {way}: {said}")
    step = Step(arguments.backbones[0], arguments.size, arguments.batch,
                torch.device(arguments.device))  # fmt: skip
    plain = step.plain(15)
    for combine in available("combine"):
        cost = 100 * step.cost_of(combine, 15) / plain
        print(f"combine={combine}: {cost:+.1f} % of a step in float32")
    alone = at_once(arguments, 1)
    print(f"one run of tiny at 64 px: {alone:.0f} images/s")
    for count in arguments.runs:
        together = at_once(arguments, count)
        print(f"{count} at once: {together:.0f} images/s, {together / alone:.2f} times one")


def efficiency(arguments: argparse.Namespace, backbone: str, precision: str, compiled: bool) -> str:
    """The trainer and a bare loop in turns, then the GPU's share."""
    data, module = run_of(backbone, arguments.size, arguments.batch)
    device = torch.device(arguments.device)
    model = deepcopy(module.model).to(device)
    if compiled:
        module.model.trunk.compile()
        model.trunk.compile()
    bare = BareLoop(
        model,
        build("localisation", "giou"),
        torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True),
        floats_of(model, list(data.batches_aside(4)), device),
        None if precision == "32-true" else torch.bfloat16,
    )
    wait = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)
    for _ in range(BLOCK):  # what is compiled is compiled now
        bare()
    wait()
    start = time.perf_counter()
    bare()
    wait()
    blocks = max(3, round(arguments.seconds / 2 / BLOCK / (time.perf_counter() - start)))
    steps = BLOCK * (WARM_UP + blocks + 1)
    module.steps = steps
    turns = Turns(bare, BLOCK, wait)
    fit(module, data, device, precision, steps, [turns])
    said = turns.told(arguments.batch)
    if device.type != "cuda":
        return said
    share = busy_share(module, data, device, precision)
    waits = "the GPU waits for the host" if share < BUSY else "the GPU is busy"
    return f"{said}; {100 * share:.0f} % of the time at work, {waits}"


def run_of(backbone: str, size: int, batch: int) -> tuple[DataModule, SoloboxModule]:
    """A run as train.py would build it."""
    torch.manual_seed(0)
    source = Synthetic(train=16 * batch, val=8, test=8, size=size)
    data = DataModule(source, Augment(), batch_size=batch, num_workers=0, seed=0)
    model = models.build({
        "backbone": backbone, "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["a", "b"], "size": size, "resize": "squash", "channels": 3, "fine": False,
    })  # fmt: skip
    model.bind(STATS, torch.zeros(2))
    model.to(memory_format=torch.channels_last)
    objective = Objective(
        classification=build("classification", "cross_entropy"),
        localisation=build("localisation", "giou"),
        reduce=build("reduce", "mean"),
        combine=build("combine", "sum"),
    )
    module = SoloboxModule(
        model,
        [objective],
        Constant(),
        optimizer=lambda groups: torch.optim.AdamW(groups, lr=1e-3, fused=True),
        scheduler=lambda progress: 1.0,
        steps=1,
        seed=0,
        passport={},
    )
    return data, module


def fit(
    module: SoloboxModule, data: DataModule, device: torch.device, precision: str, steps: int,
    watching: list,
) -> None:  # fmt: skip
    """Train so many steps with what watches a run."""
    Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu", devices=1, precision=precision,
        max_steps=steps, limit_val_batches=0, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=10,
        gradient_clip_val=5.0,
        callbacks=[Clock(), BalancePanel(), Suspects(), Finite(), Ema(decay=0.99), *watching],
    ).fit(module, datamodule=data)  # fmt: skip


def busy_share(
    module: SoloboxModule, data: DataModule, device: torch.device, precision: str
) -> float:
    """Share of some steps' time in which a kernel runs on the GPU."""
    module.steps = 1
    busy = Busy()
    fit(module, data, device, precision, 3 * BLOCK, [busy])
    return busy.share


class Busy(Callback):
    """Looks at the GPU from the second block of steps on, when all is set up and compiled.

    Attributes:
        share: of the time until the end of training in which a kernel ran.
    """

    def __init__(self) -> None:
        self.share, self.start = math.nan, 0.0
        self.profiler: profile | None = None

    def on_train_batch_start(self, trainer: Trainer, *_: object) -> None:
        """Begin."""
        if trainer.global_step == BLOCK:
            self.profiler = profile(activities=[ProfilerActivity.CUDA])
            self.profiler.start()
            torch.cuda.synchronize()
            self.start = time.perf_counter()

    def on_train_batch_end(self, trainer: Trainer, *_: object) -> None:
        """End after the last step."""
        if self.profiler and trainer.global_step == trainer.max_steps:
            torch.cuda.synchronize()
            seconds = time.perf_counter() - self.start
            self.profiler.stop()
            kernels = sum(event.self_device_time_total for event in self.profiler.key_averages())
            self.share = kernels / 1e6 / seconds


def at_once(arguments: argparse.Namespace, count: int) -> float:
    """Images/s of so many small runs together, each a process."""
    command = [sys.executable, __file__, "--one", "--device", arguments.device,
               "--seconds", str(arguments.seconds)]  # fmt: skip
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return sum(float(run.communicate()[0]) for run in runs)


def small_run(device_name: str, seconds: float) -> float:
    """Images/s of the embedded data set's model in the middle half of some seconds."""
    device = torch.device(device_name)
    data, module = run_of("tiny", 64, 32)
    model = module.model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    batches = floats_of(model, list(data.batches_aside(8)), device)
    bare = BareLoop(model, build("localisation", "giou"), optimizer, batches)
    ends: list[float] = []
    start = time.perf_counter()
    while not ends or ends[-1] - start < seconds + 4:  # others may still be starting
        for _ in range(BLOCK):
            bare()
        if device.type == "cuda":
            torch.cuda.synchronize()
        ends.append(time.perf_counter())
    blocks = [b - a for a, b in pairwise(ends)]
    return BLOCK * 32 / statistics.mean(blocks[len(blocks) // 4 : -len(blocks) // 4 or None])


if __name__ == "__main__":
    main()
