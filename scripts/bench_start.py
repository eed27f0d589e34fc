"""How long a person waits before anything happens: `make bench`.

    python scripts/bench_start.py                       # the embedded data set
    python scripts/bench_start.py data=auto data.root=FOLDER model=mobilenet_v2

Options are those of train.py. Seconds of processor time of `train.py --help`, and from the command
to the end of the first step over those of `import torch, torchvision, lightning` alone, one core,
taking turns. The first round draws or packs the images and is not counted.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning import Callback

ROOT = Path(__file__).parents[1]
IMPORTS = ["-c", "import torch, torchvision, lightning"]
END = "scripts.bench_start.End"


def main() -> None:
    """Take turns and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("options", nargs="*")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_intermixed_args()
    train = str(ROOT / "train.py")
    spent: dict[str, list[float]] = {"help": [], "imports": [], "first step": []}
    with tempfile.TemporaryDirectory() as folder:
        first = [
            train, *arguments.options, "trainer=cpu", f"runs_dir={folder}",
            f"data.cache_dir={folder}/cache", f"+callbacks.end._target_={END}",
        ]  # fmt: skip
        for _ in range(1 + arguments.rounds):
            spent["help"].append(processor_seconds([train, "--help"]))
            spent["imports"].append(processor_seconds(IMPORTS))
            spent["first step"].append(processor_seconds(first))
    median = {name: statistics.median(values[1:]) for name, values in spent.items()}
    pairs = zip(spent["first step"][1:], spent["imports"][1:], strict=True)
    ratios = [a / b for a, b in pairs]
    print(f"--help: {median['help']:.2f} s of processor time")
    print(
        f"first step after {median['first step']:.2f} s, imports alone {median['imports']:.2f} s: "
        f"{statistics.median(ratios):.2f} times ({min(ratios):.2f} .. {max(ratios):.2f}, "
        f"{len(ratios)} pairs)"
    )


def processor_seconds(command: Sequence[str]) -> float:
    """Of a Python command on one core, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    here = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}/src:{ROOT}"}
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=here)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class End(Callback):
    """Ends the process where a person sees that training has begun."""

    def on_train_batch_end(self, *_: Any) -> None:
        """The first step is done."""
        os._exit(0)


if __name__ == "__main__":
    main()
