"""What README.md and docs/ show: commands, Python, options. How they are told apart, once.

A block that is indented, or fenced as sh, holds a command a line; one fenced as python is a
program; one fenced as text is what a program prints. Any other fence is a mistake.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FAILING = "faq.md"  # its blocks show errors: tests/test_faq.py
PROGRAMS = ("python", "python3", "solobox", "make", "pip", "tensorboard", "mkdocs")
FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.M)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n)+")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def fences(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each fenced block."""
    yield from FENCE.findall(page.read_text(encoding="utf-8"))


def blocks(page: Path) -> Iterator[str]:
    """Blocks of commands."""
    if page.name != FAILING:
        yield from (text for language, text in fences(page) if language == "sh")
    yield from INDENTED.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def inline(page: Path) -> list[str]:
    """What stands between backticks in running text and tables."""
    return INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def commands() -> list[str]:
    """Every command of every page, comments cut off."""
    found = set()
    for page in PAGES:
        lines = [line for block in blocks(page) for line in block.splitlines()]
        lines += [code for code in inline(page) if code.split()[0] in PROGRAMS and " " in code]
        for line in lines:
            found |= set(re.split(r"\s{2,}|\s#", line.strip())[0].split(" && "))
    return sorted(found - {""})


def programs() -> list[tuple[str, str]]:
    """Page and text of each block of Python."""
    return [
        (page.relative_to(ROOT).as_posix(), text)
        for page in PAGES
        for language, text in fences(page)
        if language == "python"
    ]


def options() -> list[str]:
    """What stands alone between backticks and is all options, such as `loss/combine=max`."""
    word = r"[+~]?[a-z_]+(?:[/.][a-z_]+)*=[^\s=].*"
    every = {code for page in PAGES for code in inline(page) if "..." not in code}
    return sorted(code for code in every if all(re.fullmatch(word, w) for w in code.split()))


def quoted() -> list[str]:
    """Training commands in what programs print, and in the first line of an option's file."""
    texts = [text for page in PAGES for language, text in fences(page) if language == "text"
             if page.name != FAILING]  # fmt: skip
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "configs").rglob("*.yaml")]
    lines = [line for text in texts for line in re.findall(r"python train\.py[^\n`]*", text)]
    return sorted({re.split(r"\s{2,}", line.strip())[0] for line in lines} - set(commands()))
