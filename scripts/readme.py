"""Write the table of losses in README.md anew, from the losses themselves: `make readme`.

python scripts/readme.py
"""

from pathlib import Path

from solobox.cli.leaves import leaves
from solobox.losses import GROUPS

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- losses: written by `make readme` -->\n", "<!-- end of losses -->\n"


def main() -> None:
    """Replace what stands between the two marks."""
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


def with_table(text: str) -> str:
    """The README with its table as it should be."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


def table() -> str:
    """A row a leaf: name, sentence, parameters with their defaults, source."""
    rows = ["| name | what it is | parameters | source |", "|---|---|---|---|"]
    for role in GROUPS:
        rows.append(f"| **`loss/{role}=`** | | | |")
        for leaf in leaves(role):
            variant = leaf.target.split(".")[-2] != leaf.name
            what = f"{leaf.what}." if variant else leaf.page.summary
            cells = (leaf.name, what, leaf.parameters_text, leaf.page.source)
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
