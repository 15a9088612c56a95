"""The fields of forms that ask for passwords."""

from __future__ import annotations

from batchbook.forms import Field
from batchbook.grid import Kind
from batchbook.security.passwords import LONGEST, SHORTEST

#: What to know before one chooses a password.
ADVICE = f"At least {SHORTEST} characters; a few words are easiest to remember."

#: What is wrong when a new password and its repetition differ.
DIFFERENT = "The two new passwords are not the same."


def password_field(name: str, label: str, *, help: str = "", required: bool = True) -> Field:  # noqa: A002 - As fields call it.
    """Return a field for a password; what is typed into it is never shown again."""
    return Field.of(
        name, Kind.TEXT, label=label, widget="password", help=help, required=required, max_length=LONGEST
    )
