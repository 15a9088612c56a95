from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Benchmarks are run from the project's folder, and are no part of the installed package.
ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

#: The rows of the batches of these tests.
ROWS = 300


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from benchmarks.inputs import make_inputs

    return make_inputs(tmp_path_factory.mktemp("inputs"), ROWS, workbook=True)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, inputs: Any) -> Iterator[Any]:
    from benchmarks.databases import DATABASES

    server = DATABASES[request.param]()
    try:
        server.prepare(inputs.catalogue)
        yield server
    finally:
        server.close()
