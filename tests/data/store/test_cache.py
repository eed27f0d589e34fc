import errno
import multiprocessing
import os
import pickle
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.data.photographs import picture

from solobox.data.canvas import Canvas
from solobox.data.store import cache as room
from solobox.data.store.cache import packed
from solobox.data.store.decode import Decoding, checked, in_memory
from solobox.errors import DataError

BOTH = (Canvas(16), Canvas(18, "letterbox"))
ALL = np.arange(5)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photographs"
    folder.mkdir()
    paths = [folder / f"{i}.png" for i in range(5)]
    for path in paths:
        picture(path.stem).save(path)
    return paths


def content(decoding: Decoding) -> list[np.ndarray]:
    return [pixels[np.arange(len(pixels))] for pixels in decoding.pixels]


def packs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "solobox.data.store.decode.open_upright", lambda path: pytest.fail(f"{path}")
    )


def test_all_ways_to_keep_images_give_the_same_bits(images: list[Path], tmp_path: Path) -> None:
    ways = [
        packed(images, BOTH, tmp_path / "cache"),
        in_memory(images, BOTH),
        checked(images, BOTH),
    ]
    for canvas, *kept in zip(BOTH, *map(content, ways), strict=True):
        expected = np.stack([canvas.draw(picture(path.stem)) for path in images])
        assert all(np.array_equal(other, expected) for other in kept)
    assert all(np.array_equal(way.thumbs, ways[0].thumbs) for way in ways)
    assert not any(way.damaged for way in ways)


def test_the_second_time_nothing_is_decoded(
    images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = packed(images, BOTH, tmp_path / "cache")
    no_decoding(monkeypatch)
    again = packed(images, BOTH, tmp_path / "cache")
    assert all(map(np.array_equal, content(first), content(again)))
    assert np.array_equal(first.thumbs, again.thumbs)


def test_images_stay_in_the_file_and_a_worker_is_sent_its_name_only(
    images: list[Path], tmp_path: Path
) -> None:
    pixels = packed(images, BOTH[:1], tmp_path / "cache").pixels[0]
    assert isinstance(pixels._images, np.memmap)  # type: ignore[attr-defined]
    sent = pickle.dumps(pixels)
    assert len(sent) < 500
    assert np.array_equal(pickle.loads(sent)[ALL], pixels[ALL])


def test_what_is_handed_out_can_be_changed_without_changing_the_pack(
    images: list[Path], tmp_path: Path
) -> None:
    pixels = packed(images, BOTH[:1], tmp_path / "cache").pixels[0]
    before = pixels[ALL]
    pixels[ALL][:] = 0
    assert np.array_equal(pixels[ALL], before)


def test_a_changed_image_is_decoded_and_the_others_are_copied(
    images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(images, BOTH, tmp_path / "cache")
    times = os.stat(images[2])
    picture("z").save(images[2])
    os.utime(images[2], ns=(times.st_atime_ns, times.st_mtime_ns))
    decoded, opened = [], room.decode
    monkeypatch.setattr(
        room,
        "decode",
        lambda paths, rows, *rest: decoded.extend(rows) or opened(paths, rows, *rest),
    )
    again = packed(images, BOTH, tmp_path / "cache")
    assert decoded == [2]
    assert all(map(np.array_equal, content(again), content(in_memory(images, BOTH))))
    assert np.array_equal(again.thumbs, in_memory(images, BOTH).thumbs)


def test_a_touched_image_is_not_decoded_again(
    images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(images, BOTH, tmp_path / "cache")
    images[1].touch()
    no_decoding(monkeypatch)
    packed(images, BOTH, tmp_path / "cache")


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [0, 1], [3]])
def test_other_rows_have_a_pack_of_their_own(
    images: list[Path], tmp_path: Path, order: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(images, BOTH, tmp_path / "cache")
    chosen = [images[i] for i in order]
    expected = in_memory(chosen, BOTH)
    no_decoding(monkeypatch)  # the rows are copied
    assert all(
        map(np.array_equal, content(packed(chosen, BOTH, tmp_path / "cache")), content(expected))
    )


def test_damaged_images_are_named_each_time_and_the_others_are_kept(
    images: list[Path], tmp_path: Path
) -> None:
    for i in (1, 4):
        images[i].write_bytes(images[i].read_bytes()[:200])
    for way in (packed, packed, in_memory, checked):
        place = (tmp_path / "cache",) if way is packed else ()
        found = way(images, BOTH, *place)  # type: ignore[operator]
        assert list(found.damaged) == [1, 4]
        assert found.damaged[1].image == images[1]
        assert "1.png: the image is damaged" in str(found.damaged[1])
        assert len(found.pixels[0]) == 5
        kept = np.array([0, 2, 3])
        expected = np.stack([BOTH[0].draw(picture(str(i))) for i in kept])
        assert np.array_equal(found.pixels[0][kept], expected)
    picture("1").save(images[1])
    assert list(packed(images, BOTH, tmp_path / "cache").damaged) == [4]


def test_a_pack_is_built_only_for_the_canvas_that_is_missing(
    images: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    packed(images, BOTH[:1], folder)
    (first,) = packs(folder)
    stamp = (first / "images.npy").stat().st_mtime_ns
    packed(images, BOTH, folder)
    assert len(packs(folder)) == 2
    assert (first / "images.npy").stat().st_mtime_ns == stamp


def test_another_decoder_does_not_get_the_pixels_of_the_last_one(
    images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(images, BOTH, tmp_path / "cache")
    monkeypatch.setattr(room, "VERSION", room.VERSION + 1)
    monkeypatch.setattr(
        Canvas, "draw", lambda self, _: np.full((self.side, self.side, 3), 7, np.uint8)
    )
    assert (content(packed(images, BOTH, tmp_path / "cache"))[0] == 7).all()


def test_a_pack_that_a_disk_has_damaged_is_written_anew(images: list[Path], tmp_path: Path) -> None:
    expected = content(packed(images, BOTH, tmp_path / "cache"))
    one, other = packs(tmp_path / "cache")
    os.truncate(one / "images.npy", 300)
    (other / "about.json").write_text("")
    assert all(map(np.array_equal, content(packed(images, BOTH, tmp_path / "cache")), expected))


def test_old_packs_make_room(images: list[Path], tmp_path: Path) -> None:
    for key in "abcdefg":
        picture(key).save(images[0])
        packed(images, BOTH[:1], tmp_path / "cache")
    assert len(packs(tmp_path / "cache")) == room.KEPT


def test_what_a_killed_writer_left_is_removed(images: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    (folder / ".unfinished" / "16-squash-x").mkdir(parents=True)
    (folder / ".unfinished" / "16-squash-x" / "images.npy").write_bytes(b"half")
    packed(images, BOTH, folder)
    assert not (folder / ".unfinished").exists()
    assert len(packs(folder)) == 2


class _FullDisk:
    def __init__(self, *args: object) -> None: ...

    def put(self, *args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_said_and_leaves_nothing(
    images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_Rows", _FullDisk)
    with pytest.raises(
        DataError, match=r"the disk is full\); they take 0 MB.*data\.cache_dir=PATH"
    ):
        packed(images, BOTH, tmp_path / "cache")
    assert packs(tmp_path / "cache") == []


def test_a_place_that_cannot_be_written_to_is_said(images: list[Path], tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(DataError, match=r"cannot pack the images into .*data\.cache=ram"):
        packed(images, BOTH, tmp_path / "cache")


def _pack(images: list[Path], folder: Path, slow: float) -> None:
    """In another process; says by its exit code whether it got the right images."""
    if slow:
        draw = Canvas.draw

        def slowly(self: Canvas, image: object) -> np.ndarray:
            time.sleep(slow)
            return draw(self, image)  # type: ignore[arg-type]

        Canvas.draw = slowly  # type: ignore[method-assign]
    found = packed(images, BOTH, folder)
    right = all(map(np.array_equal, content(found), content(in_memory(images, BOTH))))
    sys.exit(0 if right else 1)


def started(images: list[Path], folder: Path, slow: float = 0.0) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=_pack, args=(images, folder, slow))
    process.start()
    return process


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_many_may_start_at_once(images: list[Path], tmp_path: Path) -> None:
    processes = [started(images, tmp_path / "cache", slow=0.01) for _ in range(6)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 6
    assert len(packs(tmp_path / "cache")) == 2


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_writer_that_is_killed_leaves_no_half_pack_and_no_lock(
    images: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    writer = started(images, folder, slow=0.3)
    for _ in range(200):
        if (folder / ".unfinished").is_dir():
            break
        time.sleep(0.02)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join(10)
    assert [path for path in packs(folder) if path.name != ".unfinished"] == []
    again = packed(images, BOTH, folder)
    assert all(map(np.array_equal, content(again), content(in_memory(images, BOTH))))
