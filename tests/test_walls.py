"""Who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "solobox"
LOSSES = sorted((ROOT / "losses").rglob("*.py"))


@pytest.mark.parametrize("path", LOSSES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_losses_know_boxes_and_types_and_no_other_room(path: Path) -> None:
    """A role does not know another one either; torch and the standard library are free."""
    allowed = {"solobox.boxes", "solobox.types", "solobox.stems"}
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        ours = {name for name in names if name.startswith("solobox")}
        assert ours <= allowed, f"{path.name} imports {ours - allowed}"
