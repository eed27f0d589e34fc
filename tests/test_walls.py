"""Who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "solobox"
LOSSES = sorted((ROOT / "losses").rglob("*.py"))


@pytest.mark.parametrize("path", LOSSES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_losses_know_boxes_and_types_and_no_other_room(path: Path) -> None:
    """A role does not know another one either; torch and the standard library are free."""
    allowed = {"solobox", "solobox.boxes", "solobox.types", "solobox.stems"}
    # What roles share lies beside them; a loss may build on another one of its role.
    room = ROOT / "losses"
    shared = [*room.glob("*.py"), *(path.parent.glob("*.py") if path.parent != room else ())]
    allowed |= {".".join(("solobox", *p.relative_to(ROOT).with_suffix("").parts)) for p in shared}
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if names == ["solobox"]:
            names = [f"solobox.{alias.name}" for alias in node.names]
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        ours = {name for name in names if name.startswith("solobox")}
        assert ours <= allowed, f"{path.name} imports {ours - allowed}"
