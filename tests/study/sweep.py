"""Runs as a study finds them, written without training."""

import json
from pathlib import Path

import numpy as np
import yaml

CLASSES = ("cat", "dog")


def write_run(
    folder: Path,
    *,
    seed: int,
    localisation: str = "giou",
    combine: str = "sum",
    right: float = 0.8,
    images: int = 40,
    split: str = "test",
    lr: float = 0.001,
) -> Path:
    """A finished run in `folder` that has about `right` of its boxes right."""
    run = folder / f"{localisation}-{combine}-{lr}-s{seed}"
    run.mkdir(parents=True)
    loss = {
        role: {"_target_": f"solobox.losses.{role}.{leaf}.Some"}
        for role, leaf in {
            "classification": "cross_entropy", "localisation": localisation, "reduce": "mean",
            "combine": combine, "schedule": "constant",
        }.items()
    }  # fmt: skip
    config = {"loss": loss, "optimizer": {"lr": lr}, "data": {"root": "x"}, "seed": seed,
              "ckpt_path": None, "runs_dir": "runs"}  # fmt: skip
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    rng = np.random.default_rng([seed, round(1000 * right)])
    lines = ["path,true,predicted,p_cat,p_dog,x1,y1,x2,y2,true_x1,true_y1,true_x2,true_y2,iou"]
    for i in range(images):
        hard = np.random.default_rng(i).random()  # the same of each run
        iou = 0.8 if hard + 0.2 * rng.random() < right + 0.1 else 0.2
        true = CLASSES[i % 2]
        lines.append(f"gone/{i}.jpg,{true},{true},.5,.5,1,1,9,9,1,1,9,{9 + i % 3},{iou}")
    (run / f"predictions_{split}.csv").write_text("\n".join(lines) + "\n")
    (run / "metrics.json").write_text(json.dumps({"seconds": 3.0, f"{split}/constant_loc_50": 0.1,
                                                  f"{split}/constant_iou": 0.2,
                                                  f"{split}/majority_acc": 0.5}))  # fmt: skip
    (run / "history.csv").write_text(
        "epoch,step,val/loc_50,val/iou\n0,4,.3,.4\n1,8,.5,.5\n2,1"  # the last line is torn
    )
    return run
