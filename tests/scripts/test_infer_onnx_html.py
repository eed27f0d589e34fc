"""scripts/infer_onnx.html says in a browser what `solobox predict` says."""

import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from tests.cli.test_train import Train
from tests.command import ROOT, SMALL, Outcome

pytest.importorskip("playwright", reason="needs the package playwright")
pytest.importorskip("onnxruntime", reason="needs solobox[export]")
from scripts import screenshots

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(screenshots.CHROMIUM).is_file(),
        reason=f"needs {screenshots.CHROMIUM} (apt-get install chromium)",
    ),
]
PAGE = ROOT / "scripts" / "infer_onnx.html"
FILES = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
BEST = "run/checkpoints/best.ckpt"


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """The files of onnxruntime-web that the page asks for, in the release that it names."""
    release = re.search(r"onnxruntime-web@[\d.]+", PAGE.read_text())
    npm = shutil.which("npm")
    assert release
    if npm is None:
        pytest.skip("needs npm, which brings onnxruntime-web")
    folder = tmp_path / "runtime"
    folder.mkdir()
    command = [npm, "pack", "--silent", release[0]]
    packed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if packed.returncode:
        pytest.skip(f"npm cannot bring {release[0]}: {packed.stderr.strip()[:200]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        for name in FILES:
            file = archive.extractfile(f"package/dist/{name}")
            assert file is not None
            (folder / name).write_bytes(file.read())
    return folder


@pytest.fixture
def site(runtime: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a folder with the page, served to this computer alone."""
    (tmp_path / "site").mkdir()
    shutil.copy(PAGE, tmp_path / "site")
    runtime.rename(tmp_path / "site" / "ort")
    handler = partial(Quiet, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{PAGE.name}?ort=ort/"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """One as it is, one with transparent parts, one turned by EXIF; a photograph if there is."""
    draw = np.random.default_rng(0)
    Image.fromarray(draw.integers(0, 256, (90, 150, 3), np.uint8)).save("plain.png")
    clear = draw.integers(0, 256, (40, 60, 4), np.uint8)
    clear[..., 3] = 255 * (clear[..., 3] > 99)
    Image.fromarray(clear).save("clear.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(draw.integers(0, 256, (60, 110, 3), np.uint8)).save(
        "turned.jpg", exif=exif, quality=95
    )
    shared = ROOT.parent / "shared/data/raccoon_kangaroo/JPEGImages"
    drawn = [Path(name) for name in ("plain.png", "clear.png", "turned.jpg")]
    return [*drawn, *sorted(shared.glob("raccoon*.jpg"))[:1]]


def test_a_browser_says_what_predict_says(
    train: Train, solobox: Callable[..., Outcome], photos: list[Path], site: str
) -> None:
    train(*SMALL, "hydra.run.dir=run")
    solobox("export", BEST, "--out", "model.onnx")
    rows = [json.loads(row) for row in solobox("predict", BEST, *map(str, photos)).out.splitlines()]
    Path("broken.png").write_bytes(photos[0].read_bytes()[:50])
    with screenshots.browser_page() as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site)
        said = page.get_by_role("status")
        page.set_input_files("#model", "broken.png")
        page.set_input_files("#image", photos[0])
        said.get_by_text("broken.png is not a model that solobox exported").wait_for()
        page.set_input_files("#model", "model.onnx")
        for path, row in zip(photos, rows, strict=True):
            page.set_input_files("#image", path)
            said.get_by_text(", box ").wait_for(timeout=60_000)
            (found,) = re.findall(r"^(\w+) ([\d.]+), box (.*)$", said.inner_text())
            label, probability, box = found
            assert label == row["class"]
            assert float(probability) == pytest.approx(row["probability"], abs=0.005)
            assert [float(edge) for edge in box.split(", ")] == pytest.approx(row["box"], abs=0.5)
            shown = page.evaluate("[shown.width, shown.height]")
            assert shown == [row["width"], row["height"]]
            page.set_input_files("#image", "broken.png")
            said.get_by_text("broken.png is not an image that this browser can read").wait_for()
        assert [url for url in asked if not url.startswith(site.partition("infer")[0])] == []
