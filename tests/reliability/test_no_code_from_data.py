"""A checkpoint is data: whatever a stranger put into it, nothing of it runs."""

import contextlib
import io
import os
import pickle
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import initialize_config_dir
from tests.command import ROOT
from tests.reliability.children import Child

from solobox.cli import instances, resume
from solobox.cli.choices import config_dir
from solobox.engine.checkpoint_io import FORMAT, read_checkpoint
from solobox.engine.load import load_model
from solobox.errors import CheckpointError, ConfigError

MARK = "executed"  # the file that a hostile checkpoint would make


class Calls:
    """Is pickled as the call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


class CallsLater(Calls):
    """Is pickled as something harmless whose state or items are made by a call."""

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (), None, None, iter([("a", Calls(*self.call[:1], *self.call[1]))])


class CallsIntoState(Calls):
    """Is pickled with a state that a function of the pickle's own sets."""

    def __reduce__(self) -> tuple[Any, ...]:
        return set, (), Calls(*self.call[:1], *self.call[1])


def about(**more: Any) -> dict[str, Any]:
    return {"solobox": {"format": FORMAT, "config": {}, "typed": []}, "state_dict": {}, **more}


def saved(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def with_pickle(source: bytes) -> bytes:
    """A file as torch.save writes it, but for its pickle."""
    before, after = zipfile.ZipFile(io.BytesIO(saved(about()))), io.BytesIO()
    with zipfile.ZipFile(after, "w") as archive:
        for name in before.namelist():
            archive.writestr(name, source if name.endswith("data.pkl") else before.read(name))
    return after.getvalue()


def bomb() -> bytes:
    """A pickle of 64 MB in 64 KB of zip."""
    file, after = saved(about()), io.BytesIO()
    before = zipfile.ZipFile(io.BytesIO(file))
    with zipfile.ZipFile(after, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in before.namelist():
            if not name.endswith("data.pkl"):
                archive.writestr(name, before.read(name))
                continue
            with archive.open(name, "w", force_zip64=True) as entry:
                for _ in range(64):
                    entry.write(b"(" * 2**20)
    return after.getvalue()


def by_opcodes(module: str, name: str, argument: str) -> bytes:
    """A pickle of protocol 0, written by hand."""
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


def hostile(folder: Path) -> dict[str, bytes]:
    """Ten checkpoints that would make a file, or fill the memory, if they were believed."""
    mark = str(folder / MARK)
    return {
        "reduce": saved(about(x=Calls(os.mkdir, mark))),
        "in the state": saved(about(x=CallsIntoState(os.mkdir, mark))),
        "in an item": saved(about(x=CallsLater(os.mkdir, mark))),
        "eval": saved(about(x=Calls(eval, f"__import__('os').mkdir({mark!r})"))),
        "in the weights": saved(about() | {"state_dict": {"w": Calls(os.mkdir, mark)}}),
        "of torch": saved(about(x=Calls(torch.save, 1, mark))),
        "a bare pickle": pickle.dumps(about(x=Calls(os.mkdir, mark))),
        "by opcodes": with_pickle(by_opcodes("posix", "mkdir", mark)),
        "getattr": with_pickle(b"cbuiltins\ngetattr\n(cos\nmkdir\nV__call__\ntR(V"
                               + mark.encode() + b"\ntR."),
        "inside": saved(about(x=[{"y": [(Calls(subprocess.call, ["touch", mark]),)] * 3}])),
    }  # fmt: skip


KINDS = list(hostile(Path("x")))


def reading(path: Path) -> Callable[[], None]:
    def job() -> None:
        for read in (read_checkpoint, load_model):
            try:
                read(path)
            except CheckpointError as error:
                print(f"refused: {str(error)[:500]}")
        print("done")

    return job


def test_there_are_ten_hostile_checkpoints() -> None:
    assert len(KINDS) == 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_checkpoint_is_refused_and_nothing_of_it_runs(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "best.ckpt"
    path.write_bytes(hostile(tmp_path)[kind])
    for read in (read_checkpoint, load_model):
        with pytest.raises(CheckpointError, match=r"best\.ckpt is not a readable checkpoint"):
            read(path)
    assert not (tmp_path / MARK).exists()


def test_the_hostile_checkpoints_would_do_harm_to_who_believes_them(tmp_path: Path) -> None:
    for kind, content in hostile(tmp_path).items():
        path = tmp_path / "best.ckpt"
        path.write_bytes(content)
        with contextlib.suppress(RuntimeError, TypeError, AttributeError):  # after the harm
            torch.load(path, weights_only=False)
        mark = tmp_path / MARK
        assert mark.exists(), kind
        mark.unlink() if mark.is_file() else mark.rmdir()


@pytest.mark.parametrize("kind", ["zip bomb", "memo bomb", "deep", "nested"])
def test_a_checkpoint_that_grows_is_refused_in_time_and_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "best.ckpt"
    contents = {
        "zip bomb": bomb,
        "memo bomb": lambda: with_pickle(b"]" + b"2aq\x00h\x00" * 40 + b"."),
        "deep": lambda: with_pickle(b"(" * 5_000_000 + b"."),
        "nested": lambda: with_pickle(b"]" * 100_000 + b"a" * 99_999 + b"."),
    }
    path.write_bytes(contents[kind]())
    child = Child(reading(path), tmp_path / "log", more=1500 * 2**20)
    assert child.wait(30) == 0, child.said
    assert child.said.count("refused") == 2


FORMS = (
    "os.system", "posix.system", "os.popen", "os.execv", "subprocess.call", "subprocess.Popen",
    "subprocess.check_output", "builtins.eval", "builtins.exec", "builtins.compile",
    "builtins.open", "builtins.__import__", "builtins.getattr", "eval", "exec", "open",
    "pickle.loads", "pickle.load", "_pickle.loads", "marshal.loads", "shelve.open", "torch.load",
    "torch.hub.load", "torch.utils.cpp_extension.load_inline", "numpy.load", "yaml.unsafe_load",
    "yaml.load", "importlib.import_module", "importlib.__import__", "runpy.run_path",
    "runpy.run_module", "shutil.rmtree", "shutil.move", "pathlib.Path.unlink", "os.remove",
    "os.environ.update", "socket.create_connection", "urllib.request.urlopen",
    "http.server.test", "webbrowser.open", "ctypes.CDLL", "code.interact", "pdb.run",
    "timeit.timeit", "cProfile.run", "hydra.utils.instantiate", "hydra.utils.call",
    "hydra.utils.get_method", "functools.partial", "operator.methodcaller", "types.FunctionType",
    "solobox.losses.build", "solobox.cli.instances.made", "solobox.data.synthetic.os.system",
    "solobox.losses.combine.sum.torch.load", "solobox.engine.load.read_checkpoint", "", " ",
    "solobox.losses.combine.sum.Sum.forward.__globals__", "../evil.Evil", "__main__.main",
)  # fmt: skip


def test_there_are_sixty_hostile_names() -> None:
    assert len(set(FORMS)) >= 60


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "a group": lambda name: {"optimizer": {"_target_": name}},
    "inside": lambda name: {"loss": {"combine": {"more": {"_target_": name, "_args_": ["x"]}}}},
    "a list": lambda name: {"data": {"classes": [1, {"_target_": name}]}},
}


@pytest.mark.parametrize("place", PLACES)
def test_no_hostile_name_in_the_settings_of_a_checkpoint_is_called(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is refused before it is looked up, let alone called."""
    monkeypatch.setattr(instances, "instantiate", pytest.fail)
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        known = resume._known_targets()  # reads all config files: a second
    monkeypatch.setattr(resume, "_known_targets", lambda: set(known))
    assert "solobox.losses.combine.sum.Sum" in known
    for name in FORMS:
        with pytest.raises(CheckpointError) as error:
            resume.check_targets(PLACES[place](name))
        assert f"the checkpoint asks for {name}," in str(error.value)


@pytest.mark.parametrize(
    "text", ["${oc.create:'{_target_: os.system, _args_: [x]}'}", "${oc.env:HOME}", "a ${seed}"]
)
def test_a_setting_that_would_be_computed_is_refused(text: str) -> None:
    """OmegaConf would put a class there after all were looked at."""
    for settings in ({"data": {"a": text}}, {"data": {"classes": ["x", {"a": text}]}}):
        with pytest.raises(CheckpointError, match="to be computed from other settings"):
            resume.check_targets(settings)


@pytest.mark.parametrize("leaf", [{}, {"a": {"_target_": "os.system"}}, [], "os.system"])
def test_only_what_says_its_class_is_made(leaf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hydra makes whatever it finds within what has no class of its own."""
    monkeypatch.setattr(instances, "instantiate", pytest.fail)
    with pytest.raises(ConfigError, match="data must say its _target_"):
        instances.made("data", leaf)


def laughs(times: int) -> Any:
    """Ten of ten of ten of the same list, so many times; the file holds each once."""
    return ["ha"] if times == 0 else [laughs(times - 1)] * 10


def itself() -> list[Any]:
    content: list[Any] = []
    content.append(content)
    return content


HIDES = {
    "a tuple": lambda: ({"_target_": "os.system"},), "a set": lambda: {"os.system"},
    "a tensor": lambda: torch.zeros(2), "a key that is no text": lambda: {1: 2},
    "endless": lambda: laughs(9), "itself": itself,
}  # fmt: skip


@pytest.mark.parametrize("kind", HIDES)
def test_what_a_checkpoint_says_is_plain_and_short(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "best.ckpt"
    content = about()
    content["solobox"]["config"] = {"data": {"a": HIDES[kind]()}}
    torch.save(content, path)
    for read in (read_checkpoint, load_model):
        with pytest.raises(CheckpointError, match="not a checkpoint of this solobox"):
            read(path)


def test_a_pipe_is_no_checkpoint(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "best.ckpt")
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        read_checkpoint(tmp_path / "best.ckpt")


WHOLE: dict[str, Any] = {"format": FORMAT, "config": {"data": {"_target_": "x"}},
                         "model": {"size": 32, "classes": ["a", "b"]}}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"model": 1}, "model, which describes"), ({"config": {}}, "config, the settings"),
        ({"config": {"data": []}}, "config, the settings"),
        ({"model": {"size": 10**9, "classes": ["a"]}}, "model.size"),
        ({"model": {"size": 32, "classes": [1]}}, "model.classes"),
        ({"temperature": 0.0}, "temperature"), ({"temperature": "x"}, "temperature"),
        ({}, "cannot build the model"),
    ],
)  # fmt: skip
def test_what_a_checkpoint_leaves_out_is_named(
    tmp_path: Path, change: dict[str, Any], missing: str
) -> None:
    torch.save({"solobox": {**WHOLE, **change}, "state_dict": {}}, tmp_path / "best.ckpt")
    with pytest.raises(CheckpointError, match=missing):
        load_model(tmp_path / "best.ckpt")


@pytest.mark.parametrize("key", ["_target_", "_TARGET_", "_partial_"])
def test_a_target_that_is_no_text_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"optimizer": {"_target_": {key: "os.system"}}}
    monkeypatch.setattr(resume, "_known_targets", set)
    with pytest.raises(CheckpointError, match=r"os\.system"):
        resume.check_targets(settings)


def sources() -> list[Path]:
    return [*sorted((ROOT / "src").rglob("*.py")), ROOT / "train.py"]


@pytest.mark.parametrize(
    "pattern",
    [r"weights_only\s*=\s*False", r"^\s*(import|from) (pickle|marshal|shelve|dill|joblib)\b",
     r"(?<![\w.])(eval|exec)\(", r"\byaml\.(unsafe|full)_load|[uU]nsafe_?Loader|FullLoader",
     r"allow_pickle\s*=\s*(?!False)", r"shell\s*=\s*True", r"os\.(system|popen)\("],
)  # fmt: skip
def test_the_source_has_no_door_for_code_in_data(pattern: str) -> None:
    found = [p for p in sources() if re.search(pattern, p.read_text(), re.MULTILINE)]
    assert not found


@pytest.mark.parametrize("call", ["torch.load(", "load_state_dict_from_url("])
def test_whatever_torch_reads_is_read_as_plain_data(call: str) -> None:
    for path in sources():
        for after in path.read_text().split(call)[1:]:
            assert "weights_only=True" in after.partition(")")[0], path
