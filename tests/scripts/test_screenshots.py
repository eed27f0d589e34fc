"""TensorBoard and a study's page in a real browser, on a sweep of four runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.command import SMALL, Outcome

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")

from scripts import screenshots  # noqa: E402

pytestmark = pytest.mark.skipif(
    not Path(screenshots.CHROMIUM).is_file(),
    reason=f"needs {screenshots.CHROMIUM} (apt-get install chromium)",
)
Train = Callable[..., Outcome]
METRICS = ("final/acc", "final/iou", "final/loc_50")


@pytest.fixture
def sweep(train: Train) -> Path:
    """Two losses, two seeds."""
    return train("-m", *SMALL, "loss=ce_l2,ce_giou", "seed=0,1", "hydra.sweep.dir=sweep").folder


@pytest.fixture
def page() -> Iterator[playwright.Page]:
    """An empty page that fails the test if its scripts fail."""
    failed: list[str] = []
    with screenshots.browser_page(width=1800) as page:
        page.on("pageerror", lambda error: failed.append(str(error)))
        yield page
    assert not failed


def test_tensorboard_shows_four_runs_and_their_metrics(sweep: Path, page: playwright.Page) -> None:
    names = [path.parent.name for path in sorted(sweep.glob("sweep/*/metrics.json"))]
    assert len(names) == 4
    with screenshots.tensorboard(sweep / "sweep") as address:
        screenshots.open_hparams(page, address)
        for name in names:
            page.get_by_text(name, exact=True).first.wait_for(state="attached")
        for metric in METRICS:
            page.get_by_text(metric, exact=True).last.wait_for(state="attached")
        page.get_by_text("PARALLEL COORDINATES VIEW").click()
        page.locator("svg .foreground path, svg path").first.wait_for(state="attached")
        page.goto(f"{address}#custom_scalars")
        for title in ("Losses", "Balance", "Metrics"):
            page.get_by_text(title, exact=True).first.wait_for(state="attached")


def test_study_page_names_both_losses_and_shows_its_pictures(
    sweep: Path, page: playwright.Page
) -> None:
    from solobox.cli.study import study

    study(Path("sweep"))
    page.goto((sweep / "sweep/study.html").as_uri())
    assert "2 configurations, 4 runs" in page.inner_text("body")
    for name in ("cross_entropy + l2, sum", "cross_entropy + giou, sum"):
        page.get_by_text(name, exact=True).first.wait_for(state="attached")
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
