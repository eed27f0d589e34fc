"""What README.md and docs/ show: commands, Python, options. How they are told apart, once.

A block that is indented, or fenced as sh, holds a command a line; one fenced as python is a
program; one fenced as text is what a program prints. Any other fence is a mistake.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FAILING = "faq.md"  # its blocks show errors: tests/test_faq.py
PROGRAMS = ("python", "python3", "solobox", "make", "pip", "tensorboard", "mkdocs")
# What tests run, by its first words.
RUN = ("python train.py", "solobox ", "python scripts/", "python -c")
# Not run here, by their first words, and why not.
LEFT_OUT = {
    "make": "a target each, looked up in the Makefile; .ci/run calls test, lint and docs",
    "pip install": "would change the environment that runs the tests; its extra is looked up",
    "python -m http.server": "a server",
    "python3 -m venv": "as pip install",
    ". .venv/bin/activate": "as pip install",
    "tensorboard": "a server; tests/scripts/test_screenshots.py opens it",
    "solobox demo": "a server; tests/cli/test_demo.py opens it",
    "torchrun": "several processes; tests/cli/test_ddp.py",
    "sbatch": "needs a cluster",
    "solobox shards": "needs solobox[shards]; tests/data/test_shards.py",
    "python scripts/bench_gpu.py": "needs a GPU; tests/scripts/test_bench_gpu.py",
    "python scripts/ray_cluster.py": "minutes, and solobox[ray]; run by hand",
    "python -m solobox": "as `solobox`; tests/cli/test_help.py",
    "python scripts/ablate.py": "minutes; tests/scripts/test_ablate.py",
    "python scripts/bench_peers.py": "minutes; tests/scripts/test_bench_peers.py",
}
STANDS_FOR = {  # what a page writes: what the folder of the tests holds
    "../shared/data/raccoon_kangaroo": "FOLDER",
    "data/mine": "FOLDER",
    "../shared/weights/mobilenet_v2_int8dequant.pth": "FILE",
    "evaluate ...": "evaluate runs/NAME/checkpoints/best.ckpt",
    "OPTIONS": "data=auto data.root=FOLDER",
}
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
    """What stands alone between backticks and is all options, such as `loss/combine=max`.

    Without those that are part of a command, which is composed itself.
    """
    word = r"[+~]?[a-z_]+(?:[/.][a-z_]+)*=[^\s=].*"
    every = {code for page in PAGES for code in inline(page) if "..." not in code}
    alone = {code for code in every if all(re.fullmatch(word, w) for w in code.split())}
    whole = [set(command.split()) for command in (*commands(), *quoted())]
    return sorted(code for code in alone if not any(set(code.split()) <= words for words in whole))


def quoted() -> list[str]:
    """Training commands in what programs print, and in the first line of an option's file."""
    texts = [text for page in PAGES for language, text in fences(page) if language == "text"
             if page.name != FAILING]  # fmt: skip
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "configs").rglob("*.yaml")]
    lines = [line for text in texts for line in re.findall(r"python train\.py[^\n`]*", text)]
    return sorted({re.split(r"\s{2,}", line.strip())[0] for line in lines} - set(commands()))


def words(command: str) -> list[str]:
    """A command's words, with what the folder of the tests holds."""
    for written, meant in STANDS_FOR.items():
        command = command.replace(written, meant)
    return [word for word in shlex.split(command) if not word.endswith("=...")]


COMMANDS = commands()
TRAIN = [command for command in COMMANDS if command.startswith("python train.py")]
