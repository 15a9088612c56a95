"""What commands are given, whatever they are about."""

from __future__ import annotations

from typing import Any

import click


class Text(click.ParamType[str]):
    """A text that a database can store."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fail("It is not text in UTF-8.", param, ctx)
        return str(value)


TEXT = Text()
