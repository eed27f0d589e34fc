"""What MkDocs adds to docs/ while it builds: `make docs`; named in mkdocs.yml under hooks.

A page for each role of losses, written from the losses themselves, and the pages that live
elsewhere in the repository. Nothing of it is written into docs/, so nothing of it can go stale.
"""

import hashlib
import inspect
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from solobox.cli.leaves import Leaf, as_typed, leaves
from solobox.losses import GROUPS
from solobox.study import loss_figure

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / ".cache" / "figures"
BORROWED = {  # page: file
    "layouts.md": "data/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
OPENING = "<!-- the opening of README.md -->"
WHOLE = re.compile(r"<!-- the file (\S+) -->")
TITLE = {
    "classification": "The class",
    "localisation": "The box",
    "reduce": "Reduction",
    "combine": "Combination",
    "schedule": "Schedule",
}
ROLE = {
    "classification": "Losses of the class: logits (B, K) and labels (B,) to one value an image.",
    "localisation": "Losses of the box: predicted and true boxes (B, 4), centre x, y, w, h in "
    "[0, 1], to one value an image.",
    "reduce": "Which images of a batch count, and how much.",
    "combine": "How the two numbers, class Lc and box Ll, become the one that is minimised.",
    "schedule": "Whether losses change while training goes on.",
}
FORMULA = re.compile(r"[^=]{1,25} = ")  # a schedule may have none
PARTS = re.compile(r"^(Args|Shape|Raises|Reference|Attributes):\n", re.M)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and figures that are not in docs/."""
    for page, source in BORROWED.items():
        text = at_home((ROOT / source).read_text(encoding="utf-8"))
        files.append(File.generated(config, page, content=text))
    for role in GROUPS:
        found = leaves(role)
        content = role_page(role, found)
        files.append(File.generated(config, f"losses/{role}.md", content=content))
        for leaf in found if role != "schedule" else []:
            name = f"losses/{role}-{leaf.name}.png"
            files.append(File.generated(config, name, abs_src_path=str(figure(leaf))))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Put the opening of README.md, or a whole script, where a page asks for it."""
    markdown = markdown.replace(OPENING, opening((ROOT / "README.md").read_text(encoding="utf-8")))
    return WHOLE.sub(lambda found: f"```python\n{(ROOT / found[1]).read_text()}```", markdown)


def opening(readme: str) -> str:
    """What README.md says before it tells where to read on, links as seen from docs/."""
    first = readme.partition("\n**Read on**")[0]
    return at_home(first.partition("\n")[2].strip())


def at_home(text: str) -> str:
    """Links of a page at the top of the repository, as seen from docs/."""
    for page, source in BORROWED.items():
        text = text.replace(f"]({source})", f"]({page})")
    return text.replace("](docs/", "](")


def role_page(role: str, found: list[Leaf]) -> str:
    """All losses of a role, each with what its docstring says."""
    listed = "\n".join(f"- [`{leaf.name}`](#{leaf.name}): {sentence(leaf)}" for leaf in found)
    entries = "\n\n".join(entry(leaf) for leaf in found)
    return f"# {TITLE[role]}: `loss/{role}=`\n\n{ROLE[role]}\n\n{listed}\n\n{entries}\n"


def sentence(leaf: Leaf) -> str:
    """What a leaf is; a variant is described by its own file, since its class is another's."""
    variant = leaf.target.split(".")[-2] != leaf.name
    return plain(f"{leaf.what}." if variant else leaf.page.summary)


def entry(leaf: Leaf) -> str:
    """Sentence, formula, prose, figure, command, parameters, range, source."""
    prose, *parts = PARTS.split(leaf.page.text)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    _, *paragraphs = prose.strip().split("\n\n")
    lines = [f"## {leaf.name} {{ #{leaf.name} }}", sentence(leaf)]
    if FORMULA.match(leaf.page.formula):
        lines.append(f"```text\n{paragraphs.pop(0)}\n```")
    lines += [plain(paragraph) for paragraph in paragraphs]
    if leaf.role != "schedule":
        lines.append(f"![{leaf.name}: what it does]({leaf.role}-{leaf.name}.png)")
    lines.append(f"```sh\npython train.py loss/{leaf.role}={leaf.name}\n```")
    if leaf.parameters:
        lines.append(parameters(leaf, sections.get("Args", "")))
    if leaf.page.range:
        lines.append(f"Range: {plain(leaf.page.range)}")
    if "Reference" in sections:
        lines.append(f"Source: {plain(inspect.cleandoc(sections['Reference']))}")
    return "\n\n".join(lines)


def parameters(leaf: Leaf, text: str) -> str:
    """A line a parameter: as it is typed, its default, what it means."""
    meanings = dict(re.findall(r"^ {4}(\w+): ((?:.|\n {5,})+)", text, re.M))
    rows = []
    for key, value in leaf.parameters.items():
        default = as_typed(list(value) if isinstance(value, dict) else value)
        meaning = plain(" ".join(meanings.get(key, "").split()))
        rows.append(f"- `loss.{leaf.role}.{key}={default}`: {meaning}".rstrip(": "))
    return "\n".join(rows)


def plain(text: str) -> str:
    """Text of a docstring that Markdown would read as something else, made to be read as it is."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(
        piece if piece.startswith("`") else re.sub(r"([<*|\[\]])", r"\\\1", piece)
        for piece in pieces
    )


def figure(leaf: Leaf) -> Path:
    """The picture of a loss; drawn again only where the loss or the drawing has changed."""
    code = inspect.getsource(loss_figure) + inspect.getsource(leaf.kind) + leaf.parameters_text
    name = f"{leaf.role}-{leaf.name}-{hashlib.sha256(code.encode()).hexdigest()[:16]}.png"
    path = FIGURES / name
    if not path.is_file():
        FIGURES.mkdir(parents=True, exist_ok=True)
        title = f"loss/{leaf.role}={leaf.name}   {leaf.parameters_text}"
        loss_figure.draw(leaf.role, leaf.kind(**leaf.parameters), path, title=title)
    return path
