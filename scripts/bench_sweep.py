"""What a sweep of short runs costs beyond their training: `make bench`.

    python scripts/bench_sweep.py                                    # the embedded data set
    python scripts/bench_sweep.py data=auto data.root=FOLDER model=mobilenet_v2 data.size=64

Options are those of train.py. The same runs as one sweep (one process, one after the other) and in
processes of their own, on one core; seconds from start to end over the seconds of training that
the runs themselves count. One import of torch, torchvision and lightning is not counted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMPORTS = "import torch, torchvision, lightning"


def main() -> None:
    """Time both ways and print their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("options", nargs="*")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_intermixed_args()
    options = [*arguments.options, "trainer=cpu", f"trainer.max_time={arguments.seconds}",
               "data.epochs=1000", "report=false"]  # fmt: skip
    seeds = range(arguments.runs)
    timed(["-c", IMPORTS])  # reads the files once
    imports = timed(["-c", IMPORTS])
    with tempfile.TemporaryDirectory() as folder:
        train = [str(ROOT / "train.py"), *options]
        sweep = f"seed={','.join(map(str, seeds))}"
        together = timed([*train, "-m", sweep, f"hydra.sweep.dir={folder}/sweep"]) - imports
        apart = sum(
            timed([*train, f"seed={seed}", f"hydra.run.dir={folder}/apart/{seed}"])
            for seed in seeds
        )
        for name, seconds in (("sweep", together), ("apart", apart)):
            trained = training_in(Path(folder) / name, arguments.runs)
            print(
                f"{name}: {seconds:.1f} s for {trained:.1f} s of training in {len(seeds)} runs, "
                f"{seconds / trained:.2f} times"
            )
    print(f"an import takes {imports:.1f} s and is not counted in the sweep")


def timed(command: Sequence[str]) -> float:
    """Seconds of a Python command on one core."""
    start = time.perf_counter()
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=one)
    return time.perf_counter() - start


def training_in(folder: Path, runs: int) -> float:
    """Sum of the seconds that the runs say they trained."""
    found = [json.loads(path.read_text())["seconds"] for path in folder.glob("*/metrics.json")]
    assert len(found) == runs, f"{len(found)} of {runs} runs finished"
    return float(sum(found))


if __name__ == "__main__":
    main()
