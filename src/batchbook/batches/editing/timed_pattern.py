"""Regular expressions of users, searched in a process of their own: one that takes too long is ended with it.

A pattern may take longer than anybody waits, on a short text, and nothing in the same process could stop it. The other
process is Python without the application; it has a limited time for each text and for all, and a limited memory.
"""

from __future__ import annotations

import json
import os
import selectors
import sys
from subprocess import DEVNULL, PIPE, Popen
from time import monotonic
from types import TracebackType
from typing import Any, Self

from batchbook.errors import BadInput
from batchbook.grid.columns import LONGEST_TEXT

#: The most characters of a pattern and of its replacement.
LONGEST_PATTERN = 200
#: The most seconds to start and read the pattern, for one text, and for all texts of a request.
_START, _EACH, TOGETHER = 5.0, 1.0, 10.0

_TOO_LONG = (
    "The pattern takes too long to search for, so nothing was changed. Make it simpler: repetitions within repetitions,"
    " such as (a+)+, take the longest."
)

_SEARCH = f"""
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
answer = lambda value: (sys.stdout.write(json.dumps(value) + "\\n"), sys.stdout.flush())
pattern, replacement, ignore_case, whole = json.loads(sys.stdin.readline())
try:
    found = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    found.sub(replacement, "")
    re._parser.parse_template(replacement, found)
    answer("")
except Exception as error:
    answer(str(error) or "it is too large")
    sys.exit()
for line in sys.stdin:
    text = json.loads(line)
    match = found.fullmatch(text) if whole else None
    try:
        new = (match.expand(replacement) if match else text) if whole else found.sub(replacement, text)
    except MemoryError:
        new = "?" * {LONGEST_TEXT + 1}
    answer(new[:{LONGEST_TEXT + 1}])
"""


class TimedPattern:
    """A regular expression and its replacement; a context manager, within which texts are replaced.

    ``whole`` replaces texts that match as a whole. Without a limit for all texts ``together``, in seconds, each has one of
    its own only. Raises ``BadInput`` for a pattern that cannot be read, or takes too long.
    """

    def __init__(
        self,
        pattern: str,
        replacement: str,
        *,
        ignore_case: bool = False,
        whole: bool = False,
        together: float | None = TOGETHER,
    ) -> None:
        if len(pattern) > LONGEST_PATTERN or len(replacement) > LONGEST_PATTERN:
            raise BadInput(
                f"A pattern and its replacement may have {LONGEST_PATTERN} characters each. Nothing was changed."
            )
        self._question = [pattern, replacement, ignore_case, whole]
        self._left = together

    def __enter__(self) -> Self:
        """Start the process; raise ``BadInput`` for a pattern that cannot be read."""
        # Its arguments are constant: the pattern is read by the process from its input.
        command = [sys.executable, "-I", "-S", "-c", _SEARCH]
        process: Any = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)  # noqa: S603
        self._process = process
        self._answers = selectors.DefaultSelector()
        self._answers.register(self._process.stdout, selectors.EVENT_READ)
        try:
            problem = self._asked(self._question, monotonic() + _START)
            if problem:
                raise BadInput(f"The pattern can't be read: {problem[:200]}. Nothing was changed.")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._answers.close()
        self._process.stdin.close()
        self._process.stdout.close()

    def replaced(self, text: str) -> str:
        """Return ``text`` with its matches replaced."""
        started = monotonic()
        if self._left is None:
            return self._asked(text, started + _EACH)
        answer = self._asked(text, started + min(_EACH, self._left))
        self._left -= monotonic() - started
        return answer

    def _asked(self, question: Any, deadline: float) -> str:
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise BadInput(_TOO_LONG) from None
        return self._answer(deadline)

    def _answer(self, deadline: float) -> str:
        parts: list[bytes] = []
        while not (parts and parts[-1].endswith(b"\n")):
            left = deadline - monotonic()
            ready = left > 0 and self._answers.select(left)
            part = os.read(self._process.stdout.fileno(), 65_536) if ready else b""
            if not part:
                raise BadInput(_TOO_LONG)
            parts.append(part)
        return str(json.loads(b"".join(parts)))
