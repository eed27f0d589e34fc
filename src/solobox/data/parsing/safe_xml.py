"""XML from strangers: bounded in size and depth, without a DOCTYPE."""

from pathlib import Path
from typing import Never
from xml.etree import ElementTree
from xml.parsers import expat

from solobox.data.parsing.layout import read_bytes
from solobox.data.record import FaultError

LARGEST_XML = 1_000_000  # bytes; a real annotation has a few hundred
DEEPEST = 50  # elements inside each other; a real one has 4


def parse_xml(source: Path) -> ElementTree.Element:
    """The root of an XML file.

    Raises:
        FaultError: it is no XML, too large, too deep, or declares a DOCTYPE, in whose entities
            a file can grow or others be read.
    """
    data = read_bytes(source, LARGEST_XML)
    depth = 0

    def refuse(*_: object) -> Never:
        raise FaultError(
            str(source), "DOCTYPE", "XML with a DOCTYPE is refused; remove the declaration"
        )

    def deeper(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise FaultError(
                str(source), "nested too deeply",
                f"expected an annotation; found elements nested more than {DEEPEST} deep",
            )  # fmt: skip

    def back(*_: object) -> None:
        nonlocal depth
        depth -= 1

    try:
        # Entities are declared in a DOCTYPE; the parser sees one in every encoding.
        guard = expat.ParserCreate()
        guard.StartDoctypeDeclHandler = refuse
        guard.StartElementHandler, guard.EndElementHandler = deeper, back
        guard.Parse(data, True)
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        found = "an empty file" if not data else f"something else ({error})"
        raise FaultError(
            str(source), "no XML", f"expected XML, found {found}; write the annotation anew"
        ) from None
