"""Showing on stderr how far something is: a bar on a terminal, elsewhere a plain line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Protocol

import click

from batchbook.cli.output import plain
from batchbook.jobs.progress import Step

#: How often, at the most, the bar is drawn and a line is written, in seconds.
_DRAWN, _WRITTEN = 0.1, 5.0
_WIDTH = 24


class Display(Protocol):
    """Something that can be shown how far a job is."""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Show it, unless something was shown just before."""

    def note(self, sentence: str) -> None:
        """Say something beside it."""

    def close(self) -> None:
        """Leave nothing half drawn."""


class Silence:
    """Shows nothing."""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Show nothing."""

    def note(self, sentence: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Have nothing to close."""


class Lines:
    """A line every few seconds, for logs and pipes; something that is quick gets none."""

    def __init__(self) -> None:
        self._written = time.monotonic()

    def show(self, title: str, step: Step | None, words: str) -> None:  # noqa: ARG002 - As of every display.
        """Write a line if the last one is a while ago."""
        if words and time.monotonic() - self._written >= _WRITTEN:
            self._written = time.monotonic()
            self.note(f"{title}: {words}")

    def note(self, sentence: str) -> None:
        """Write the sentence."""
        click.echo(plain(sentence), err=True)

    def close(self) -> None:
        """Have nothing to close."""


class Bar:
    """A bar that is drawn anew in its line, with the words behind it."""

    def __init__(self) -> None:
        self._drawn = float("-inf")
        self._phase = ""

    def show(self, title: str, step: Step | None, words: str) -> None:
        """Draw it, unless that was done just before in the same phase."""
        phase = step.phase if step else words
        if phase == self._phase and time.monotonic() - self._drawn < _DRAWN:
            return
        self._phase, self._drawn = phase, time.monotonic()
        self._draw(f"{_bar(step)}{words or title}")

    def note(self, sentence: str) -> None:
        """Write the sentence above the bar."""
        self._draw("")
        click.echo(plain(sentence), err=True)

    def close(self) -> None:
        """Take the bar away."""
        self._draw("")

    def _draw(self, text: str) -> None:
        # To the beginning of the line, and what was there is erased.
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[K{plain(text)[:width]}", nl=False, err=True, color=True)


def _bar(step: Step | None) -> str:
    if step is None or step.percent is None:
        return ""
    full = step.percent * _WIDTH // 100
    return f"{'█' * full}{'░' * (_WIDTH - full)} {step.percent:>3} %  "


def display(*, quiet: bool) -> Display:
    """Return what suits where stderr goes."""
    if quiet:
        return Silence()
    return Bar() if sys.stderr.isatty() else Lines()
