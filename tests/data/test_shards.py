"""Shards give what the images they were made from give, in splits and in training."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.command import Outcome
from tests.data.photographs import annotate, numbered

from solobox.data.folder import Folder
from solobox.data.shards import files
from solobox.data.shards.names import Names
from solobox.data.shards.source import Shards
from solobox.data.split import Split
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import ConfigError, DataError

pytest.importorskip("litdata", reason="needs LitData: pip install 'solobox[shards]'")

Command = Callable[..., Outcome]
FOLDER = ("data=auto", "data.root=pets", "data.size=32")
PACK = ("shards", *FOLDER, "--out", "packed", "--per-shard", "5")
SHARDS = ("data=shards", "data.root=packed", "data.size=32")
RUN = ("data.batch_size=8", "trainer.max_epochs=2", "trainer=cpu", "callbacks.box_images.count=0",
       "report=false")  # fmt: skip


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    annotate(tmp_path / "pets", numbered("cat", 14), "cat")
    annotate(tmp_path / "pets", numbered("dög", 9), "dog")
    return tmp_path / "pets"


@pytest.fixture
def packed(pets: Path, solobox: Command) -> Path:
    """Shards of five images of these photographs."""
    solobox(*PACK)
    return pets.parent / "packed"


def folder(oversize: float) -> dict[str, Split]:
    cache = "data/cache"  # where the division is kept, too
    return Folder(root="pets", format={"name": "auto"}, size=32, cache_dir=cache).load(oversize)


def assert_the_same(found: Split, expected: Split) -> None:
    rows = np.random.default_rng(0).permutation(len(expected))
    for column in ("labels", "boxes", "sizes"):
        torch.testing.assert_close(
            getattr(found, column), getattr(expected, column), rtol=0, atol=0
        )
    assert np.array_equal(found.images[rows], expected.images[rows])
    assert list(found.paths) == list(expected.paths) and found.paths[-1] == expected.paths[-1]
    assert (found.classes, found.canvas) == (expected.classes, expected.canvas)


def test_shards_give_the_splits_they_were_made_from(packed: Path) -> None:
    expected = folder(1.15)
    found = Shards(root=packed, size=32).load(1.15)
    assert found.keys() == expected.keys()
    for name, split in expected.items():
        assert_the_same(found[name], split)
    assert len(list((packed / "train").glob("*.bin"))) == 4
    assert not list(packed.glob("**/.shard-*")) and not list(packed.glob("*/*.index.json"))


def test_jpeg_takes_a_fraction_and_looks_the_same(solobox: Command, tmp_path: Path) -> None:
    drawn = ("data.train=40", "data.val=8", "data.test=8", "data.cache_dir=null")
    solobox("shards", *drawn, "--out", "raw")
    solobox("shards", *drawn, "--out", "jpeg", "--jpeg", "95")
    raw, jpeg = (Shards(root=tmp_path / name, size=64).load()["train"] for name in ("raw", "jpeg"))
    rows = np.arange(40)
    difference = raw.images[rows].astype(int) - jpeg.images[rows]
    assert 0 < np.abs(difference).mean() < 6
    assert (tmp_path / "jpeg/train/shard-0.bin").stat().st_size < 0.6 * 40 * 64 * 64 * 3


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_on_shards_ends_with_the_weights_of_a_run_on_their_folder(
    packed: Path, train: Command, workers: int
) -> None:
    last = []
    for name, data in (("a", FOLDER), ("b", SHARDS)):
        train(*data, *RUN, f"data.num_workers={workers}", f"hydra.run.dir={name}")
        last.append(read_checkpoint(Path(name, "checkpoints/last.ckpt"))["state_dict"])
    torch.testing.assert_close(*last, rtol=0, atol=0)
    assert "packed/train,train,18 images" in Path("b/split.csv").read_text()


def test_a_run_that_mixes_a_few_shards_goes_on_to_the_same_bits(
    packed: Path, train: Command
) -> None:
    options = (*SHARDS, *RUN, "data.mix=2", "callbacks.checkpoints.every_n_steps=1")
    train(*options, "hydra.run.dir=whole")
    train(*options, "trainer.max_steps=2", "hydra.run.dir=parts")
    train("ckpt_path=parts/checkpoints/last.ckpt", "trainer.max_steps=-1")
    whole, parts = (read_checkpoint(Path(n, "checkpoints/last.ckpt")) for n in ("whole", "parts"))
    assert whole["global_step"] == parts["global_step"] == 6
    about = json.loads((packed / "about.json").read_text())
    (packed / "about.json").write_text(json.dumps(about | {"fingerprint": "of other images"}))
    outcome = train("ckpt_path=parts/checkpoints/last.ckpt", expect=1)
    assert "the images are not those that the run began with" in outcome.err


def test_sets_in_a_folder_are_read_one_after_another(packed: Path, pets: Path) -> None:
    for name in ("many/b", "many/a"):
        shutil.copytree(packed, packed.parent / name)
    one = Shards(root=packed, size=32).load(1.15)
    many = Shards(root=packed.parent / "many", size=32).load(1.15)
    n = len(one["train"])
    assert len(many["train"]) == 2 * n
    rows = np.array([n - 1, n, 2 * n - 1, 0])
    assert np.array_equal(many["train"].images[rows], one["train"].images[rows % n])
    assert list(many["train"].paths) == 2 * list(one["train"].paths)
    assert many["val"].labels.tolist() == 2 * one["val"].labels.tolist()
    about = json.loads((packed.parent / "many/b/about.json").read_text())
    (packed.parent / "many/b/about.json").write_text(json.dumps(about | {"classes": ["x", "y"]}))
    with pytest.raises(DataError, match=r"many/b does not fit .*many/a: classes, sizes"):
        Shards(root=packed.parent / "many", size=32)


def test_a_worker_opens_the_files_anew(packed: Path) -> None:
    split = Shards(root=packed, size=32).load(1.15)["train"]
    before = split.images[np.arange(3)]
    images, names = pickle.loads(pickle.dumps((split.images, split.paths)))
    assert np.array_equal(images[np.arange(3)], before)
    assert isinstance(names, Names) and names[1:3] == split.paths[1:3]


def test_smaller_training_images_than_packed_are_scaled_and_larger_refused(packed: Path) -> None:
    source = Shards(root=packed, size=32)
    train = source.load(1.0)["train"]
    assert train.images[np.array([4, 2])].shape == (2, 32, 32, 3)
    assert "training images are scaled from 37 to 32 px" in source.notes
    with pytest.raises(ConfigError, match=r"asks for training images of 48 px.*37 px; pack with"):
        source.load(1.5)


def test_a_killed_writer_leaves_nothing_to_train_on_and_goes_on(
    pets: Path, solobox: Command, train: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, written = files._write_shard, []

    def killed(split: Split, rows: object, folder: Path, number: int, jpeg: None) -> None:
        written.append((folder.name, number))
        if len(written) == 3:
            (folder / ".shard-left").mkdir()
            raise KeyboardInterrupt
        original(split, rows, folder, number, jpeg)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_write_shard", killed)
    solobox(*PACK, expect=130)
    outcome = train(*SHARDS, *RUN, expect=1)
    assert (
        "packed: these shards are not finished; run their `solobox shards` command" in outcome.err
    )
    outcome = solobox(*PACK, "--jpeg", "90", expect=1)
    assert "unfinished shards of other images or options" in outcome.err
    solobox(*PACK)
    assert written[3:] == [("train", 2), ("train", 3), ("val", 0)]
    assert_the_same(Shards(root="packed", size=32).load(1.15)["train"], folder(1.15)["train"])
    solobox(*PACK)
    assert len(written) == 6  # nothing was left to do
    outcome = solobox(*PACK, "--jpeg", "90", expect=1)
    assert "packed holds shards of other images; choose another --out" in outcome.err


def said(folder: Path, **config: object) -> None:
    """LitData's list of shards says something else: it unpickles what is called a pickle."""
    index = json.loads((folder / "train/index.json").read_text())
    index["config"] |= config
    (folder / "train/index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda p: (p / "train/shard-1.bin").unlink(), "shard-1.bin: expected .* no such file"),
        (lambda p: (p / "train/shard-1.bin").write_bytes(b"x"), "shard-1.bin: .* found 1; copy"),
        (lambda p: (p / "val/labels.npy").unlink(), "val: cannot read it"),
        (lambda p: (p / "val/names.txt").write_text("x"), r"names.txt has 1 bytes, expected"),
        (lambda p: np.save(p / "val/labels.npy", np.zeros(2)), "expected 5 images, found 5 and"),
        (lambda p: said(p, data_format=["pickle"]), r"expected data_format \['bytes'\], found"),
        (lambda p: said(p, compression="zstd"), "expected compression None, found zstd"),
        (lambda p: said(p, data_spec='[1, {"type": "x"}]'), "expected data_spec"),
        (lambda p: (p / "train/index.json").write_text("[" * 100_000), "train: cannot read it"),
        (lambda p: (p / "about.json").write_text("{"), "about.json: cannot read it"),
        (lambda p: (p / "about.json").write_text('{"version": 9}'), "version 1, found 9"),
        (lambda p: (p / "about.json").unlink(), "expected shards, found no about.json"),
    ],
)
def test_what_is_broken_or_missing_is_named(
    packed: Path, spoil: Callable[[Path], object], sentence: str
) -> None:
    spoil(packed)
    with pytest.raises(DataError, match=sentence):
        Shards(root=packed, size=32).load(1.15)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("data.root=null",), "data.root is not set"),
        (("data.size=64",), "packed with data.size=32 data.resize=squash, found 64 and squash"),
        (("data.mix=0",), "data.mix must be a number of shards >= 1"),
        (("data.mix=2", "data.class_balanced=true"), "leave one of them out"),
    ],
)
def test_an_option_that_does_not_fit_is_named(
    packed: Path, train: Command, options: tuple[str, ...], sentence: str
) -> None:
    outcome = train(*SHARDS, *RUN, *options, expect=1)
    assert sentence in outcome.err and not outcome.runs


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("--per-shard", "0"), "--per-shard must be >= 1"), (("--jpeg", "5"), "from 50 to 100")],
)
def test_a_wrong_way_to_pack_is_named(
    pets: Path, solobox: Command, options: tuple[str, ...], sentence: str
) -> None:
    assert sentence in solobox(*PACK, *options, expect=1).err


def test_a_model_trained_on_shards_is_judged_on_them_and_on_a_folder(
    packed: Path, train: Command, solobox: Command
) -> None:
    train(*SHARDS, *RUN, "hydra.run.dir=run")
    for options in ((), ("data.root=packed",), ("data=auto", "data.root=pets")):
        assert "page: " in solobox("evaluate", "run/checkpoints/best.ckpt", *options).out


def test_without_litdata_the_extra_is_named(
    packed: Path, train: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solobox.data.shards.source.find_spec", lambda name: None)
    assert "pip install 'solobox[shards]'" in train(*SHARDS, *RUN, expect=1).err


def test_a_damaged_image_is_named(solobox: Command, pets: Path) -> None:
    solobox(*PACK, "--jpeg", "95")
    file = pets.parent / "packed/train/shard-0.bin"
    data = bytearray(file.read_bytes())
    data[200:] = bytes(len(data) - 200)
    file.write_bytes(data)
    split = Shards(root="packed", size=32).load(1.15)["train"]
    with pytest.raises(DataError, match=r"train: image \d+ of shard 0 cannot be read .*copy the"):
        split.images[np.arange(2)]
