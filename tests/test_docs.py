"""What the documentation says is there, and its numbers are those of the pages they come from."""

import re
from pathlib import Path

import pytest

from scripts import readme as written

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
EVIDENCE = [DOCS / f"{name}.md" for name in ("which_loss", "forum", "recipe", "peers")]
NUMBER = re.compile(r"(?<![\w@./])\d*\.\d+(?!\.?\d)")


def test_pictures_and_pages_that_the_readme_links_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).is_file(), target


def test_every_leaf_is_in_the_readmes_table() -> None:
    for path in (ROOT / "configs" / "loss").rglob("*.yaml"):
        assert path.stem in README


def test_table_of_losses_is_what_make_readme_writes() -> None:
    assert written.with_table(README) == README
    assert written.table().count("\n") > 40


@pytest.mark.parametrize("page", ["choosing", "balancing", "models"])
def test_every_number_stands_in_the_evidence(page: str) -> None:
    known = {digits(n) for path in EVIDENCE for n in NUMBER.findall(path.read_text("utf-8"))}
    prose = re.sub(r"^```(?:.*\n)*?```$|`[^`]*`", "", (DOCS / f"{page}.md").read_text("utf-8"),
                   flags=re.M)  # fmt: skip
    numbers = {digits(n) for n in NUMBER.findall(prose)}
    assert numbers <= known, numbers - known
    assert page == "models" or len(numbers) > 10


def digits(number: str) -> str:
    """0.672 is .672."""
    return number.lstrip("0")


def test_every_loss_has_its_entry_with_formula_parameters_figure_and_source() -> None:
    pytest.importorskip("mkdocs", reason="needs solobox[docs]")
    from scripts import site_pages as site
    from solobox.cli.leaves import leaves
    from solobox.losses import GROUPS

    for role in GROUPS:
        found = leaves(role)
        page = site.role_page(role, found)
        for leaf in found:
            assert f"## {leaf.name} {{ #{leaf.name} }}" in page
            entry = site.entry(leaf)
            assert leaf.page.source.partition(" ")[0] in entry
            assert f"python train.py loss/{role}={leaf.name}\n" in entry
            assert (f"({role}-{leaf.name}.png)" in entry) == (role != "schedule")
            for key in leaf.parameters:
                assert re.search(rf"^- `loss\.{role}\.{key}=.*`: .{{4}}", entry, re.M), (leaf, key)
    assert "```text\nL = 1 - IoU^alpha.\n```" in site.role_page(
        "localisation", leaves("localisation")
    )


def test_the_opening_of_the_readme_reads_the_same_on_the_site() -> None:
    pytest.importorskip("mkdocs", reason="needs solobox[docs]")
    from scripts import site_pages as site

    opening = site.opening(README)
    assert opening.startswith("**One image, one object") and "make train" in opening
    assert "## " not in opening
    for target in re.findall(r"\]\(([^)#]+)\)", opening):
        assert (DOCS / target).is_file() or target in site.BORROWED
