"""A written page that several commands each put a part into."""

import re
from pathlib import Path


def put_section(page: Path, name: str, lines: list[str], *, head: str) -> None:
    """Put the section "## name" into a Markdown page, in place of the one before.

    Args:
        page: the file; others' sections stay as they are.
        name: heading of the section.
        lines: of the section, without its heading.
        head: what a new page begins with.
    """
    before = page.read_text(encoding="utf-8") if page.is_file() else head
    section = "\n".join([f"## {name}", "", *lines]) + "\n"
    old = re.compile(rf"## {re.escape(name)}\n.*?(?=\n## |\Z)", re.DOTALL)
    text = old.sub(lambda _: section, before) if old.search(before) else f"{before}\n{section}"
    page.write_text(text, encoding="utf-8")
