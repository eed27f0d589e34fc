"""A sweep on a Ray cluster of two nodes, both on this machine: does each node get a job?

    python scripts/ray_cluster.py

The nodes have an address of their own each on the loopback interface and one core; nothing but the
sweep's directory is shared. Prints on which nodes the jobs ran. At the end every Ray process of
this machine is stopped, also those of another cluster.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD, OTHER, PORT = "127.0.0.1", "127.0.0.2", 26379
SWEEP = ("data.train=512", "data.val=64", "data.test=64", "data.size=32", "trainer.max_epochs=4",
         "trainer=cpu", "callbacks.box_images.count=0", "seed=0,1")  # fmt: skip


def main() -> None:
    """Start the cluster, run the sweep on it, and say where each job ran."""
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    ray = [str(Path(sys.executable).with_name("ray")), "start", "--num-cpus=1"]
    with tempfile.TemporaryDirectory() as folder:
        called([*ray, "--head", f"--node-ip-address={HEAD}", f"--port={PORT}"])
        try:
            called([*ray, f"--address={HEAD}:{PORT}", f"--node-ip-address={OTHER}"])
            called([
                sys.executable, str(ROOT / "train.py"), "-m", *SWEEP, f"hydra.sweep.dir={folder}",
                "hydra/launcher=ray", f"hydra.launcher.ray.init.address={HEAD}:{PORT}",
                "+hydra.launcher.ray.init.object_store_memory=null",
            ])  # fmt: skip
            finished = sorted(Path(folder).glob("*/metrics.json"))
            where = places()
        finally:
            called([ray[0], "stop", "--force"])
    print(f"{len(finished)} jobs finished; they ran on {' and '.join(where)}")
    if len(finished) != 2 or len(set(where)) != 2:  # Ray calls the head by its outer address
        sys.exit("expected two finished jobs, one on each node")


def called(command: Sequence[str]) -> None:
    """Run a command, with the package of this folder and one thread."""
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment)


def places() -> list[str]:
    """Addresses of the nodes on which the sweep's jobs ran."""
    import ray
    from ray.util.state import list_tasks

    ray.init(address=f"{HEAD}:{PORT}", log_to_driver=False)
    address = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes()}
    tasks = list_tasks(filters=[("name", "=", "_run_job")])
    ray.shutdown()
    return [address[task.node_id] for task in tasks]


if __name__ == "__main__":
    main()
