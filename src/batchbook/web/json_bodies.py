"""JSON that scripts send and receive: bodies read part by part, and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Self, TypeGuard

from pyramid.response import Response

from batchbook.errors import BadInput
from batchbook.web.request import Request


class JsonBody:
    """A JSON object that a script sent; asking it for a part that is not what it should be raises ``BadInput``.

    ``refusal`` is the sentence of that error: it says what was sent, that nothing was changed, and what to do.
    """

    def __init__(self, parts: Any, refusal: str) -> None:
        self._refusal = refusal
        self.parts: Mapping[str, Any] = parts if isinstance(parts, dict) else self.refuse()

    @classmethod
    def of(cls, request: Request, refusal: str, field: str = "") -> Self:
        """Return the body of ``request``; one that is a form has the object in the field called ``field``, if that is not empty."""
        is_form = field and request.content_type != "application/json"
        try:
            parts = json.loads(request.POST.get(field, "")) if is_form else request.json_body
        except (TypeError, ValueError, RecursionError):  # The last by lists within lists.
            parts = None
        return cls(parts, refusal)

    def refuse(self) -> NoReturn:
        """Raise the error."""
        raise BadInput(self._refusal)

    def part(self, name: str) -> JsonBody:
        """Return the object ``name``."""
        return JsonBody(self.parts.get(name), self._refusal)

    def text(self, name: str) -> str:
        """Return the text ``name``, by default an empty one."""
        text = self.parts.get(name) or ""
        return text if isinstance(text, str) else self.refuse()

    def number(self, name: str, highest: int) -> int:
        """Return the whole number ``name``, from 0 to ``highest``; by default 0."""
        value = self.parts.get(name) or 0
        return value if _is_number(value, highest) else self.refuse()

    def numbers(self, name: str, highest: int) -> list[int] | None:
        """Return the whole numbers ``name``, all different and from 0 to ``highest``; ``None`` if there is no such list."""
        values = self.parts.get(name)
        if values is None:
            return None
        if not (isinstance(values, list) and all(_is_number(value, highest) for value in values)):
            self.refuse()
        return values if _differ(values) else self.refuse()

    def values(self, name: str) -> list[Any]:
        """Return the list ``name``, by default an empty one."""
        values = self.parts.get(name, [])
        return values if isinstance(values, list) else self.refuse()

    def names(self, name: str) -> list[str]:
        """Return the texts ``name``, one at least and all different."""
        values = self.values(name)
        return values if are_texts(values) and _differ(values) else self.refuse()


def json_answer(body: Any, status: int = 200) -> Response:
    """Return the answer whose content is ``body`` as JSON."""
    return Response(json_body=body, status=status, content_type="application/json")


def are_texts(values: Any) -> TypeGuard[list[str]]:
    """Return whether ``values`` is a list of texts, one at least."""
    return isinstance(values, list) and bool(values) and all(isinstance(value, str) for value in values)


def _is_number(value: Any, highest: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= highest


def _differ(values: Sequence[Any]) -> bool:
    return len(set(values)) == len(values)
