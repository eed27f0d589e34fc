"""`solobox demo CKPT`: the page as a person uses it, in a real browser."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.command import Outcome

BEST = "run/checkpoints/best.ckpt"
LISTENING = "0A"  # a state in /proc/net/tcp
Solobox = Callable[..., Outcome]
# `solobox demo ...` that tells on standard error whom it would reach.
WATCHED = """
import sys
import urllib.request
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print("reaches", arguments, file=sys.stderr)
sys.addaudithook(watch)
from solobox.cli.main import main
sys.argv = ["solobox", "demo", *sys.argv[1:]]
main()
"""


@pytest.fixture
def trained(small_run: Path) -> str:
    """A run of a second."""
    return BEST


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Drawn ones: one with transparent parts, one turned by EXIF; and a photograph if there is."""
    draw = np.random.default_rng(0)
    Image.fromarray(draw.integers(0, 256, (90, 150, 4), np.uint8)).save("clear.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(draw.integers(0, 256, (60, 110, 3), np.uint8)).save("turned.jpg", exif=exif)
    shared = Path(__file__).parents[3] / "shared/data/raccoon_kangaroo/JPEGImages"
    return [Path("clear.png"), Path("turned.jpg"), *sorted(shared.glob("raccoon*.jpg"))[:1]]


@contextmanager
def shown(*arguments: str) -> Iterator[tuple[str, list[str]]]:
    """The page's address, and what was said on standard error once it has ended with Ctrl-C."""
    said: list[str] = []
    command = [sys.executable, "-c", WATCHED, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            address = re.match(r"(http://127\.0\.0\.1:\d+)   \(Ctrl-C ends it\)", line)
            assert address, line + server.communicate()[1]
            yield address[1], said
            server.send_signal(signal.SIGINT)
            said.append(server.communicate(timeout=30)[1])
        finally:
            server.kill()


def listeners(port: int) -> list[str]:
    """Addresses, in hexadecimal as Linux writes them, on which a port is listened to."""
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    ours = [row[1].split(":") for row in rows if row[3] == LISTENING]
    return [host for host, at in ours if int(at, 16) == port]


def test_the_page_says_what_predict_says(
    trained: str, photos: list[Path], solobox: Solobox
) -> None:
    pytest.importorskip("gradio", reason="needs solobox[demo]")
    pytest.importorskip("playwright", reason="needs the package playwright")
    from scripts import screenshots

    if not Path(screenshots.CHROMIUM).is_file():
        pytest.skip(f"needs {screenshots.CHROMIUM} (apt-get install chromium)")
    rows = [json.loads(row) for row in solobox("predict", BEST, *map(str, photos)).out.splitlines()]
    Path("broken.jpg").write_bytes(Path("turned.jpg").read_bytes()[:900])
    with shown(trained, "--port", "0") as (address, ended):
        if Path("/proc/net/tcp").is_file():
            assert listeners(int(address.rpartition(":")[2])) == ["0100007F"]  # 127.0.0.1
        with screenshots.browser_page(width=1360, height=900) as page:
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(address)
            photo = page.locator("#photo input[type=file]")

            def drop(path: Path, says: str) -> None:
                photo.set_input_files(path)
                page.locator("#said").get_by_text(says).wait_for()

            for path, row in zip(photos, rows, strict=True):
                drop(path, f"of {row['width']} x {row['height']} pixels")
                numbers = re.findall(r"\d+\.?\d*", page.inner_text("#said"))
                assert page.inner_text("#said b") == row["class"]
                assert page.inner_text("#label h2") == row["class"]
                wanted = [row["probability"], *row["box"], row["width"], row["height"]]
                assert [float(n) for n in numbers] == pytest.approx(wanted, abs=0.06)
                for picture in ("#found img", "#looked img"):
                    page.locator(picture).wait_for()
                    width, height = page.locator(picture).evaluate(
                        "image => image.decode().then(() => "
                        "[image.naturalWidth, image.naturalHeight])"
                    )
                    assert width / height == pytest.approx(row["width"] / row["height"], rel=0.01)
                drop(Path("broken.jpg"), "broken.jpg: the image is damaged")
                page.locator("#found img").wait_for(state="detached")
            local = (f"{address}/", "data:", "blob:")
            assert [url for url in asked if not url.startswith(local)] == []
            folder = re.search(r"/tmp/[^/]+", page.content())
    assert "reaches" not in ended[0]
    assert folder and not Path(folder[0]).exists()  # what was dropped is gone


def test_without_the_extra(trained: str, solobox: Solobox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    said = solobox("demo", trained, expect=1).err
    assert said == "error: the page needs more packages (gradio): pip install 'solobox[demo]'"


def test_what_cannot_be_done_is_said(trained: str, solobox: Solobox) -> None:
    pytest.importorskip("gradio", reason="needs solobox[demo]")
    assert "there is no checkpoint x.ckpt" in solobox("demo", "x.ckpt", expect=1).err
    assert "found 70000" in solobox("demo", trained, "--port", "70000", expect=1).err
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = solobox("demo", trained, "--port", str(port), expect=1).err
    assert f"port {port} cannot be used (Address already in use); give another" in said


def test_a_file_that_nobody_dropped_is_not_given(trained: str, tmp_path: Path) -> None:
    """Any program of this computer may ask the server; it must not read its owner's files."""
    pytest.importorskip("gradio", reason="needs solobox[demo]")
    secret = Path.cwd().parent / f"{tmp_path.name}-secret.png"
    Image.new("RGB", (40, 30), (1, 2, 3)).save(secret)
    with shown(trained, "--port", "0") as (address, _):
        file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
        ask = {"data": [file], "fn_index": 0, "session_hash": "x"}
        request = urllib.request.Request(
            f"{address}/gradio_api/queue/join", json.dumps(ask).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        urllib.request.urlopen(request, timeout=20).read()
        with urllib.request.urlopen(
            f"{address}/gradio_api/queue/data?session_hash=x", timeout=20
        ) as answers:
            told = next(line for line in answers if b"process_completed" in line).decode()
    assert '"success":false' in told, told
