import numpy as np
import pytest
import torch

from solobox.data.augment import Augment
from solobox.data.datamodule import DataModule
from solobox.data.synthetic import Synthetic
from solobox.errors import ConfigError
from solobox.types import Batch

SOURCE = Synthetic(train=21, val=10, test=5, size=16)
NOTHING = Augment()
CHANGES = Augment(flip=0.5, crop=0.9, colour=0.3, grey=0.1)


def module(augment: Augment = CHANGES, *, num_workers: int = 0, seed: int = 0) -> DataModule:
    return DataModule(SOURCE, augment, batch_size=8, num_workers=num_workers, seed=seed)


def train_batches(data: DataModule, done: int = 0) -> list[Batch]:
    """Training batches of a run that has trained on `done` batches; 3 make an epoch."""
    data._batches_done = lambda: done
    return list(data.train_dataloader())


def same(a: list[Batch], b: list[Batch]) -> bool:
    pairs = zip(a, b, strict=True)
    return all(torch.equal(x, y) for one, other in pairs for x, y in zip(one, other, strict=True))


def in_file_order(batches: list[Batch]) -> Batch:
    whole = Batch(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
    order = whole.indices.argsort()
    return Batch(*(part[order] for part in whole))


@pytest.mark.parametrize("augment", [NOTHING, CHANGES], ids=["as they are", "augmented"])
def test_batches_have_the_documented_shapes_types_and_ranges(augment: Augment) -> None:
    batches = train_batches(module(augment))
    assert [len(batch.labels) for batch in batches] == [8, 8, 5]
    for batch in batches:
        n = len(batch.labels)
        assert (batch.images.shape, batch.images.dtype) == ((n, 3, 16, 16), torch.uint8)
        assert (batch.labels.shape, batch.labels.dtype) == ((n,), torch.int64)
        assert (batch.boxes.shape, batch.boxes.dtype) == ((n, 4), torch.float32)
        assert (batch.indices.shape, batch.indices.dtype) == ((n,), torch.int64)
        assert set(batch.labels.tolist()) <= {0, 1}
        assert ((batch.boxes > 0) & (batch.boxes <= 1)).all()


def test_without_augmentation_an_epoch_shows_the_split_as_it_is() -> None:
    data = module(NOTHING)
    shown = in_file_order(train_batches(data))
    assert shown.indices.tolist() == list(range(21))
    assert np.array_equal(shown.images.permute(0, 2, 3, 1), data.train.images)
    assert np.array_equal(shown.labels, data.train.labels)
    assert np.array_equal(shown.boxes, data.train.boxes)


def test_augmentation_never_writes_into_the_split() -> None:
    data = module()
    images, boxes = data.train.images.copy(), data.train.boxes.copy()
    train_batches(data)
    assert np.array_equal(images, data.train.images)
    assert np.array_equal(boxes, data.train.boxes)


def test_evaluation_goes_from_first_to_last_without_augmentation() -> None:
    data = module()
    for batches, split in (
        (data.val_dataloader(), data.val),
        (data.in_order(SOURCE.split("test")), SOURCE.split("test")),
    ):
        whole = Batch(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
        assert whole.indices.tolist() == list(range(len(split)))
        assert np.array_equal(whole.images.permute(0, 2, 3, 1), split.images)
        assert np.array_equal(whole.boxes, split.boxes)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    first = train_batches(module(seed=1))
    torch.manual_seed(99)
    np.random.seed(99)
    assert same(first, train_batches(module(seed=1)))
    assert not same(first, train_batches(module(seed=2)))


# torch warns where a machine has fewer cores than workers.
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_workers_change_no_bit() -> None:
    alone, helped = module(), module(num_workers=2)
    for done in (0, 3, 4):
        assert same(train_batches(alone, done), train_batches(helped, done))


def test_an_augmented_epoch_differs_from_the_next() -> None:
    first, second = (in_file_order(train_batches(module(), done)) for done in (0, 3))
    changed = (first.images != second.images).flatten(1).any(1)
    assert changed.double().mean() > 0.9
    assert torch.equal(first.labels, second.labels)


def test_images_of_one_epoch_are_augmented_each_in_its_own_way() -> None:
    flips = Augment(flip=0.5)
    shown = in_file_order(train_batches(module(flips)))
    flipped = (shown.images != in_file_order(train_batches(module(NOTHING))).images).flatten(1)
    assert 0.2 < flipped.any(1).double().mean() < 0.8


@pytest.mark.parametrize("done", [1, 2, 4])
def test_a_stopped_run_goes_on_with_the_batches_it_would_have_seen(done: int) -> None:
    epoch, first = divmod(done, 3)
    whole = train_batches(module(), 3 * epoch)
    assert same(train_batches(module(), done), whole[first:])


def test_statistics_are_those_of_the_training_split() -> None:
    stats = module().stats
    split = SOURCE.split("train")
    assert stats.n == 21
    assert stats.counts == (int((split.labels == 0).sum()), int((split.labels == 1).sum()))
    assert stats.mean_box == pytest.approx(split.boxes.mean(0))


@pytest.mark.parametrize(("batch_size", "num_workers"), [(0, 0), (-1, 0), (8, -1)])
def test_a_batch_without_images_or_fewer_than_no_workers_is_refused(
    batch_size: int, num_workers: int
) -> None:
    with pytest.raises(ConfigError, match=r"data\.batch_size.*data\.num_workers"):
        DataModule(SOURCE, NOTHING, batch_size=batch_size, num_workers=num_workers, seed=0)


def balanced(augment: Augment = CHANGES) -> DataModule:
    source = Synthetic(train=40, val=4, test=4, size=16, imbalance=9.0)
    return DataModule(source, augment, batch_size=8, num_workers=0, seed=0, class_balanced=True)


def test_class_balanced_draws_show_each_class_equally_often_and_count_as_such() -> None:
    data = balanced()
    assert min(data.train.stats().counts) < 8
    assert data.stats.counts == (20, 20) and data.stats.n == 40
    shown = Batch(*(torch.cat(parts) for parts in zip(*train_batches(data), strict=True)))
    assert shown.labels.bincount().tolist() == [20, 20]
    assert torch.equal(shown.labels, torch.from_numpy(data.train.labels)[shown.indices])
    rare = shown.labels == shown.labels.new_tensor(np.bincount(data.train.labels).argmin())
    assert data.stats.mean_box == pytest.approx(shown_boxes(data, shown).mean(0), abs=1e-6)
    assert shown.indices[rare].bincount().max() >= 2


def shown_boxes(data: DataModule, shown: Batch) -> np.ndarray:
    return data.train.boxes[shown.indices.numpy()]


def test_image_that_is_shown_again_in_an_epoch_is_augmented_anew() -> None:
    shown = Batch(*(torch.cat(p) for p in zip(*train_batches(balanced()), strict=True)))
    most = int(shown.indices.bincount().argmax())
    twins = shown.images[shown.indices == most].flatten(1)
    assert len(twins) >= 2
    assert len(twins.unique(dim=0)) > 1


def test_class_balanced_run_that_was_stopped_goes_on_with_the_same_batches() -> None:
    whole = train_batches(balanced(), 5)
    assert same(train_batches(balanced(), 7), whole[2:])
