"""The namespaces of the documents that make a workbook, and which of an XML document's elements belong to them.

What another namespace adds is for other programs, however its elements are called; it is passed over with all that is in
it. So are extension lists. Rules: ECMA-376 part 3 (markup compatibility) and part 1, "extLst"; OpenDocument 1.3, part 3,
"foreign elements".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: By namespace, the prefix that its elements and attributes have here, whichever they have in the document.
Namespaces = Mapping[str, str]

#: A main part of an Excel workbook: in the namespaces of the transitional and of the strict kind.
SPREADSHEET: Namespaces = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "",
    "http://purl.oclc.org/ooxml/spreadsheetml/main": "",
}
#: The relationships of such a part.
PACKAGE: Namespaces = {"http://schemas.openxmlformats.org/package/2006/relationships": ""}
#: What a relationship's kind begins with where the standard defines it.
RELATION_KINDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/",
)
#: The content of an OpenDocument spreadsheet. What is drawn over cells is left out.
OPENDOCUMENT: Namespaces = {
    **{
        f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0": f"{name}:"
        for name in ("office", "table", "text")
    },
    "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0": "calcext:",
    "urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0": "loext:",
}

_COMPATIBLE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
# A choice is for programs that know another namespace; what is to be done without it stands in the fallback.
_TRANSPARENT = frozenset({f"{_COMPATIBLE} AlternateContent", f"{_COMPATIBLE} Fallback"})
_EXTENSIONS = "extLst"
# Attributes that elements have from elsewhere.
_ATTRIBUTES = {
    **{kinds[:-1]: "r:" for kinds in RELATION_KINDS},
    "http://www.w3.org/XML/1998/namespace": "xml:",
}


class OwnElements:
    """Hands on the elements and texts of a document that belong to ``namespaces``.

    Names come as ``expat`` gives them with a blank behind the namespace. Where the document's root has no namespace, its
    elements are those without one.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None,
        text: Callable[[str], None] | None,
    ) -> None:
        self._names, self._attributes = _Names(namespaces), _Names({**namespaces, **_ATTRIBUTES})
        self._start, self._end, self._text = start, end, text
        self._is_root, self._passed_over = True, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if self._is_root:
            self._is_root = False
            if " " not in name:
                self._names.without_namespace()
        if self._passed_over or self._names[name] in ("", _EXTENSIONS):
            if self._passed_over or name not in _TRANSPARENT:
                self._passed_over += 1
            return
        if attributes:
            attributes = {self._attributes[key] or key: value for key, value in attributes.items()}
        self._start(self._names[name], attributes)

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if self._passed_over:
            self._passed_over -= 1
        elif self._end is not None and name not in _TRANSPARENT:
            self._end(self._names[name])

    def text(self, part: str) -> None:
        """Take a part of a text."""
        if self._text is not None and not self._passed_over:
            self._text(part)


class _Names(dict[str, str]):
    """The names that elements have here, by their full names; empty for those of other namespaces."""

    def __init__(self, namespaces: Namespaces) -> None:
        super().__init__()
        self._namespaces = namespaces

    def without_namespace(self) -> None:
        """Count what has no namespace as well."""
        self._namespaces = {**self._namespaces, "": ""}

    def __missing__(self, name: str) -> str:
        namespace, _, local = name.rpartition(" ")
        prefix = self._namespaces.get(namespace)
        found = self[name] = "" if prefix is None else f"{prefix}{local}"
        return found
