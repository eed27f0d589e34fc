"""Nothing calls out unless weights or data are asked for; nothing listens to the world."""

import argparse
import ast
import re
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.command import ROOT, SMALL
from tests.reliability.children import Child, trainer

LOCAL = {socket.AF_UNIX} if hasattr(socket, "AF_UNIX") else set()


def without_network() -> None:
    """Make each attempt to reach another machine end the process."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        calls = event in ("socket.connect", "socket.bind", "socket.sendto")
        if (calls and arguments[0].family not in LOCAL) or event == "socket.getaddrinfo":
            raise SystemExit(f"called out: {event} {arguments[1:]}")

    sys.addaudithook(watch)


def test_the_watch_sees_a_call(tmp_path: Path) -> None:
    def job() -> None:
        without_network()
        socket.create_connection(("127.0.0.1", 9))

    child = Child(job, tmp_path / "log")
    assert child.wait() == 1
    assert "called out" in child.said


@pytest.mark.parametrize(
    "options",
    [(), ("augment=standard", "data.num_workers=2", "report=true", "callbacks.box_images.count=4"),
     ("model=mobilenet_v3_small", "model.weights=null")],
    ids=["tiny", "with workers and pages", "a trunk of torchvision"],
)  # fmt: skip
def test_training_calls_nobody(tmp_path: Path, options: tuple[str, ...]) -> None:
    job = trainer(tmp_path, *SMALL, "trainer.max_epochs=1", *options, patch=without_network)
    child = Child(job, tmp_path / "log")
    assert child.wait() == 0, child.said
    assert "called out" not in child.said


def test_weights_that_are_asked_for_are_called_for(tmp_path: Path) -> None:
    """The same watch, where the network is meant: it is what stops this run."""

    def alone() -> None:
        without_network()
        torch.hub.set_dir(str(tmp_path / "hub"))

    options = (*SMALL, "model=mobilenet_v3_small", "model.weights=DEFAULT")
    child = Child(trainer(tmp_path, *options, patch=alone), tmp_path / "log")
    assert child.wait() != 0
    assert "called out" in child.said


def texts() -> list[Path]:
    folders = (ROOT / "docs", ROOT / "src", ROOT / "scripts", ROOT / "configs", ROOT / "data")
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    wanted = {".md", ".py", ".yaml", ".html"}
    return [
        *sorted(ROOT.glob("*.md")),
        ROOT / "Makefile",
        *(p for p in found if p.suffix in wanted),
    ]


def test_no_page_tells_anybody_to_open_a_port_to_the_world() -> None:
    world = re.compile(r"--bind_all|--host[= ]|0\.0\.0\.0|share\s*=\s*True|"
                       r"server_name\s*=(?!HOST|\s*[\"']127\.0\.0\.1)")  # fmt: skip
    found = [
        f"{path}: {match[0]}" for path in texts() for match in world.finditer(path.read_text())
    ]
    assert not found


@pytest.mark.filterwarnings("ignore")  # old names inside TensorBoard
def test_tensorboard_listens_on_this_machine_alone_unless_told_otherwise() -> None:

    from tensorboard.plugins.core.core_plugin import CorePluginLoader

    parser = argparse.ArgumentParser()
    CorePluginLoader().define_flags(parser)
    flags = parser.parse_args(["--logdir", "runs"])
    assert not flags.bind_all
    assert flags.host in (None, "localhost", "127.0.0.1")  # None: localhost, as its help says
    assert "localhost" in parser.format_help()


def test_every_server_of_ours_is_bound_to_this_machine() -> None:
    """Whatever makes a server names 127.0.0.1 or localhost in the same call."""
    servers = {"HTTPServer", "ThreadingHTTPServer", "TCPServer", "ThreadingTCPServer",
               "create_server", "start_server", "make_server", "run_simple"}  # fmt: skip
    for path in [*sorted((ROOT / "src").rglob("*.py")), *sorted((ROOT / "scripts").glob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            if getattr(node.func, "attr", getattr(node.func, "id", "")) in servers:
                assert re.search(r"127\.0\.0\.1|localhost", ast.unparse(node)), path
