"""A run's own page."""

import json
from pathlib import Path

from tests.study.sweep import write_run

from solobox.study.run_page import write_report
from solobox.study.runs import read_run


def test_the_page_shows_the_worst_images_and_works_offline(tmp_path: Path) -> None:
    directory = write_run(tmp_path, seed=0, right=0.6)
    figures = json.loads((directory / "metrics.json").read_text())
    figures |= {"command": "python train.py loss=<b>", "balance/text": "neither dominates",
                "test/n": 40, "test/acc": 0.5}  # fmt: skip
    (directory / "metrics.json").write_text(json.dumps(figures))
    page = write_report(read_run(directory)).read_text()
    assert "http://" not in page and "https://" not in page
    assert "python train.py loss=&lt;b&gt;" in page and "neither dominates" in page
    assert page.count("<figcaption>") == 5 + 24 + 12  # no balance in this history
    assert page.index("class wrong") < page.index("Others, by chance")


def test_drawn_images_are_drawn_again(tmp_path: Path) -> None:
    directory = write_run(tmp_path, seed=0, images=3)
    path = directory / "predictions_test.csv"
    path.write_text(path.read_text().replace("gone/", "synthetic/test/").replace(".jpg", ""))
    config = directory / "config.yaml"
    config.write_text(config.read_text().replace("root: x", "size: 32\n  test: 3"))
    assert write_report(read_run(directory)).read_text().count("image/jpeg") == 3
