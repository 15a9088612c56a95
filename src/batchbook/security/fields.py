"""The fields of forms that ask for passwords and for a time zone."""

from __future__ import annotations

from batchbook.forms import Field
from batchbook.grid import Choice, Kind
from batchbook.security.passwords import LONGEST, SHORTEST
from batchbook.zones import zone_names

#: What to know before one chooses a password.
ADVICE = f"At least {SHORTEST} characters; a few words are easiest to remember."

#: What is wrong when a new password and its repetition differ.
DIFFERENT = "The two new passwords are not the same."


def password_field(name: str, label: str, *, help: str = "", required: bool = True) -> Field:  # noqa: A002 - As fields call it.
    """Return a field for a password; what is typed into it is never shown again."""
    return Field.of(
        name, Kind.TEXT, label=label, widget="password", help=help, required=required, max_length=LONGEST
    )


def zone_field() -> Field:
    """Return the field for the time zone in which somebody sees moments."""
    choices = tuple(Choice(name, name.replace("_", " ")) for name in zone_names())
    text = "In it all times are shown to you, and read from you. Without one it is that of the site."
    return Field.of("timezone", Kind.CHOICE, label="Time zone", choices=choices, help=text)
