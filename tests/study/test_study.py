"""A study of many runs: who is compared with whom, in what words, and what is left out."""

import csv
import json
from pathlib import Path

import pytest
from tests.study.sweep import write_run

from solobox.study.configurations import configurations
from solobox.study.leaderboard import leaderboard, pairs
from solobox.study.runs import find_runs
from solobox.study.study_page import write_study


def sweep(folder: Path) -> Path:
    """Two losses of the box x two combinations x three seeds; ciou is better."""
    for seed in range(3):
        for localisation, right in (("giou", 0.5), ("ciou", 0.9)):
            for combine in ("sum", "max"):
                write_run(folder, seed=seed, localisation=localisation, combine=combine,
                          right=right)  # fmt: skip
    return folder


def test_seeds_are_folded_into_configurations(tmp_path: Path) -> None:
    found, faults = configurations(find_runs(sweep(tmp_path))[0])
    assert not faults and len(found) == 4
    assert all(c.seeds == [0, 1, 2] for c in found)
    assert {c.name for c in found} == {
        f"cross_entropy + {loss}, {how}" for loss in ("giou", "ciou") for how in ("sum", "max")
    }


def test_names_show_the_other_settings_that_differ(tmp_path: Path) -> None:
    write_run(tmp_path, seed=0, lr=0.1)
    write_run(tmp_path, seed=0, lr=0.2)
    found, _ = configurations(find_runs(tmp_path)[0])
    assert [c.name.rpartition(", ")[2] for c in found] == ["lr=0.1", "lr=0.2"]


def test_the_better_one_is_named_with_its_lead_and_interval(tmp_path: Path) -> None:
    found, _ = configurations(find_runs(sweep(tmp_path))[0])
    rows = leaderboard(found)
    assert [row.configuration.leaf("localisation") for row in rows] == ["ciou"] * 2 + ["giou"] * 2
    told = {(p.a.name, p.b.name): p for p in pairs(found, "loc_50")}
    assert len(told) == 6
    clear = told["cross_entropy + ciou, max", "cross_entropy + giou, sum"]
    assert clear.differ and clear.only_a > 10 > clear.only_b
    assert "ciou, max is better than cross_entropy + giou, sum by" in clear.sentence()
    alike = next(p for p in told.values() if p.a.leaf("localisation") == p.b.leaf("localisation"))
    assert "no difference that these 3 seeds can show" in alike.sentence()


def test_one_seed_says_what_it_does_not_know(tmp_path: Path) -> None:
    write_run(tmp_path, seed=0, localisation="giou")
    write_run(tmp_path, seed=0, localisation="ciou")
    (pair,) = pairs(configurations(find_runs(tmp_path)[0])[0], "iou")
    assert "what another seed would change is not in this interval" in pair.sentence()


def test_seeds_that_both_have_are_paired(tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        write_run(tmp_path, seed=seed, localisation="giou")
    for seed in (1, 2, 3):
        write_run(tmp_path, seed=seed, localisation="ciou")
    (pair,) = pairs(configurations(find_runs(tmp_path)[0])[0], "iou")
    assert pair.found.seeds == 2


def test_what_cannot_be_used_is_named_and_the_rest_reported(tmp_path: Path) -> None:
    sweep(tmp_path)
    torn = write_run(tmp_path / "torn", seed=7)
    (torn / "metrics.json").write_text('{"seconds": 3')
    (write_run(tmp_path / "without", seed=8) / "metrics.json").unlink()
    write_run(tmp_path / "other", seed=9, images=30)
    (write_run(tmp_path / "column", seed=10) / "predictions_test.csv").write_text("path\nx.jpg\n")
    write_run(tmp_path / "twice", seed=0, right=0.5)
    runs, faults = find_runs(tmp_path)
    found, others = configurations(runs)
    text = "\n".join([*faults, *others])
    for words in ("torn", "not finished", "other images than most", "there is no 'true'",
                  "the same settings and seed"):  # fmt: skip
        assert words in text, text
    assert len(found) == 4


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
HARMS = {
    "a reference": lambda run: add(run, "config.yaml", BOMB),
    "a deep list": lambda run: add(run, "config.yaml", "z: " + "[" * 3000 + "]" * 3000 + "\n"),
    "length": lambda run: add(run, "config.yaml", "# " + "x" * 2**18),
    "no data": lambda run: (run / "config.yaml").write_text("seed: 0\n"),
    "a seed": lambda run: (run / "config.yaml").write_text("seed: x\ndata: {}\n"),
    "a tag": lambda run: add(run, "config.yaml", "z: !!python/object/apply:os.system [x]\n"),
    "deep figures": lambda run: (run / "metrics.json").write_text("[" * 100_000),
    "seconds": lambda run: (run / "metrics.json").write_text('{"seconds": []}'),
    "an endless class": lambda run: swap(run, "p_cat", "p_" + "x" * 256),
    "an endless field": lambda run: swap(run, "gone/0", "x" * 200_000),
}


def add(run: Path, name: str, text: str) -> None:
    (run / name).write_text((run / name).read_text() + text)


def swap(run: Path, old: str, new: str) -> None:
    path = run / "predictions_test.csv"
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize("harm", HARMS)
def test_a_run_that_is_no_run_is_left_out_in_a_sentence(tmp_path: Path, harm: str) -> None:
    HARMS[harm](write_run(tmp_path, seed=0))
    runs, faults = find_runs(tmp_path)
    assert not runs
    assert len(faults) == 1 and "cannot be read" in faults[0] and "left out" in faults[0]


def test_runs_without_a_test_split_are_compared_on_validation(tmp_path: Path) -> None:
    write_run(tmp_path, seed=0, split="val")
    assert configurations(find_runs(tmp_path)[0])[0][0].split == "val"


def test_the_page_is_one_file_with_tables_and_pictures_beside_it(tmp_path: Path) -> None:
    found, _ = configurations(find_runs(sweep(tmp_path))[0])
    write_study(tmp_path, found, ["a fault <b>"])
    page = (tmp_path / "study.html").read_text()
    assert "http://" not in page and "https://" not in page and 'src="data:' in page
    assert "a fault &lt;b&gt;" in page and page.count("<figure>") > 6 + 10
    script = page.split('id="pairs">')[1].split("</script>")[0]
    assert len(json.loads(script)["iou"]) == 6
    with open(tmp_path / "study" / "pairs.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 6 and all(float(r["low"]) <= float(r["high"]) for r in rows)
    assert {path.name for path in (tmp_path / "study").glob("*.png")} == {
        "front.png", "failures.png", "curves_loc_50.png", "curves_iou.png", "heat_loc_50.png",
        "heat_iou.png",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["</script><b>", "a$b", '"quoted"'])
def test_odd_names_do_not_break_the_page(tmp_path: Path, name: str) -> None:
    import yaml

    for seed in (0, 1):
        for value in (name, "other"):
            run = write_run(tmp_path / str(value == name), seed=seed)
            config = yaml.safe_load((run / "config.yaml").read_text())
            config["model"] = {"backbone": value}
            (run / "config.yaml").write_text(yaml.safe_dump(config))
    found, _ = configurations(find_runs(tmp_path)[0])
    write_study(tmp_path, found, [])
    script = (tmp_path / "study.html").read_text().split('id="pairs">')[1].split("</script>")[0]
    assert name in next(iter(json.loads(script)["iou"]))
