"""New packages with a batch type: everything that an author has to have, written from templates, and their migrations.

:func:`write_package` renders the templates in ``package/`` and has the first migration written from the models, so that no
column stands in two templates.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql.base import PGIdentifierPreparer
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

from batchbook.batches import Batch
from batchbook.errors import BadInput, Conflict
from batchbook.grid import label_of
from batchbook.migrate import RUN_TIME_TABLES
from batchbook.models import metadata
from batchbook.scaffold.code_format import WIDTH, fitted, imported, quoted
from batchbook.scaffold.migration_writer import write_migration
from batchbook.scaffold.plugin_package import FOLDER, PluginPackage
from batchbook.scaffold.type_columns import ITEM_CODE, TypeColumn, joins_of, read_columns
from batchbook.words import plural

_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
#: Names of constraints contain the key twice, and lines of code the class's name three times.
_LONGEST_KEY = 25
#: The pages of the list of all batches, beside which a type has its own.
_ADDRESSES = ("export", "layout", "view", "window")
_PACKAGE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_PACKAGE = 40
_SUFFIX = ".jinja2"
#: A folder or a part of a file's name among the templates that stands for the package or the key.
_PLACES = {"PACKAGE": "package", "KEY": "key"}


@dataclass(frozen=True)
class NewType:
    """A batch type that is to be written: its key, its package, its title and its columns.

    ``header`` are the columns of batches, ``rows`` those of rows besides the item code, by which each row names a product.
    """

    key: str
    package: str
    title: str
    header: Sequence[TypeColumn] = ()
    rows: Sequence[TypeColumn] = field(default=())

    @property
    def name(self) -> str:
        """The name of the class of batches."""
        return "".join(part.title() for part in self.key.split("_"))

    @property
    def titles(self) -> str:
        """The title in the plural; one that ends in s is a plural already."""
        return self.title if self.title.endswith("s") else plural(self.title)

    @property
    def entered(self) -> list[TypeColumn]:
        """The columns of rows that people and files fill in."""
        return [column for column in self.rows if not column.taken]

    @property
    def taken(self) -> list[TypeColumn]:
        """The columns of rows that come from the catalogue."""
        return [column for column in self.rows if column.taken]

    @property
    def file_columns(self) -> list[str]:
        """The headings of a file from which a batch is made."""
        return [ITEM_CODE, *(column.name for column in self.entered)]

    @property
    def samples(self) -> list[str]:
        """The texts of a file's row behind the item code."""
        return [column.kind.sample for column in self.entered]

    @property
    def header_samples(self) -> dict[str, str]:
        """Texts for the fields of the header, as code by name."""
        return {column.name: quoted(column.kind.sample) for column in self.header}

    @property
    def column_imports(self) -> list[str]:
        """The imports of the types of all columns, each ``module:name``."""
        return [one for column in (*self.header, *self.rows) for one in column.kind.imports]

    @property
    def taken_values(self) -> dict[str, str]:
        """The attributes of the catalogue that rows take, by column."""
        return {column.name: column.taken for column in self.taken}

    @property
    def taken_imports(self) -> list[str]:
        """The imports of the models from which rows take values, each ``module:name``."""
        return [one for column in self.taken for one in column.imports]

    @property
    def written(self) -> list[TypeColumn]:
        """The columns of rows that an execution writes into attributes of products with the same name."""
        return [column for column in self.rows if column.is_written]


def describe(
    key: str, title: str = "", package: str = "", columns: Sequence[str] = (), header: Sequence[str] = ()
) -> NewType:
    """Return the type that these texts describe; raise ``BadInput`` or ``Conflict`` for those that cannot be."""
    _demand_key(key)
    name = package or f"batchbook_{key}"
    if not _PACKAGE.fullmatch(name) or len(name) > _LONGEST_PACKAGE or name in sys.stdlib_module_names:
        raise BadInput(
            f"Nothing was written: “{name}” cannot name a package; use small letters, digits and single underscores,"
            f" {_LONGEST_PACKAGE} at the most."
        )
    try:
        return NewType(
            key,
            name,
            " ".join(title.split()) or label_of(key),
            read_columns(header, of_rows=False),
            read_columns(columns, of_rows=True),
        )
    except BadInput as error:
        raise BadInput(f"Nothing was written: {error.message}.") from error


def _demand_key(key: str) -> None:
    if not _KEY.fullmatch(key) or len(key) > _LONGEST_KEY or key.startswith(RUN_TIME_TABLES):
        raise BadInput(
            f"Nothing was written: “{key}” cannot be a type's key, such as reorder_points. Use small letters, digits and"
            f" single underscores, {_LONGEST_KEY} at the most, and no row_ at the beginning."
        )
    if key in inspect(Batch).polymorphic_map:
        raise Conflict(
            f"Nothing was written: a batch type with the key “{key}” is there already. Choose another key."
        )
    if {key, f"{key}_row"} & {*metadata.tables}:
        raise Conflict(
            f"Nothing was written: Batchbook has a table called “{key}” already. Choose another key."
        )
    if key in _ADDRESSES:
        raise BadInput(
            f"Nothing was written: “{key}” is a part of an address of the pages over all batches. Choose another key."
        )
    if key in PGIdentifierPreparer.reserved_words | SQLiteIdentifierPreparer.reserved_words:
        raise BadInput(
            f"Nothing was written: “{key}” is a word of SQL, so no table can be called that. Choose another key."
        )


def write_package(new: NewType, folder: Path) -> list[Path]:
    """Write the package into ``folder``, which is made; return its files, sorted. Nothing is left of one that fails.

    Raises ``Conflict`` if there is something at ``folder`` already, or a package of that name is installed.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise Conflict(
            f"Nothing was written: {folder} is there already. Choose another folder by --to, or remove it."
        )
    if importlib.util.find_spec(new.package) is not None:
        raise Conflict(
            f"Nothing was written: a package {new.package} is installed already. Choose another by --package."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    source = place / "src"
    sys.path.insert(0, str(source))
    try:
        for name, text in rendered(new).items():
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        write_migration(PluginPackage(new.package, (source / new.package).resolve()), message=new.titles)
        for cache in place.rglob("__pycache__"):
            shutil.rmtree(cache)
        place.chmod(0o755)
        place.rename(folder)
    finally:
        sys.path.remove(str(source))
        shutil.rmtree(place, ignore_errors=True)
    return sorted(file for file in folder.rglob("*") if file.is_file())


def rendered(new: NewType) -> Mapping[str, str]:
    """Return the files of the package without its migrations, by their paths in its folder."""
    loader = PackageLoader(__name__, "package")
    jinja = Environment(  # noqa: S701 - No markup is made: nothing is to be escaped.
        loader=loader,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    jinja.filters["quoted"] = quoted
    jinja.globals |= {
        "imports": _imports,
        "fitted": fitted,
        "same": lambda names: _mapping({name: quoted(name) for name in names}),
        "mapping": _mapping,
        "class_line": _class_line,
        "migrations": FOLDER,
        "item_code": ITEM_CODE,
    }
    found = {}
    for template in sorted(loader.list_templates()):
        name = template.removesuffix(_SUFFIX)
        for word, attribute in _PLACES.items():
            name = name.replace(word, getattr(new, attribute))
        found[name] = jinja.get_template(template).render(new=new, joins=joins_of(new.taken))
    return found


def _imports(names: Sequence[str]) -> str:
    """Return the statements that import ``names``, each ``module:name``, in the order of ruff."""
    by_module: dict[str, list[str]] = {}
    for one in names:
        module, _, name = one.partition(":")
        by_module.setdefault(module, []).append(name)
    groups = [[imported(module, by_module[module]) for module in group] for group in _groups(by_module)]
    return "\n\n".join("\n".join(group) for group in groups if group)


def _groups(modules: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the modules of the standard library, those of Batchbook and other libraries, and the package's own, sorted."""
    standard = sorted(module for module in modules if module.partition(".")[0] in sys.stdlib_module_names)
    libraries = sorted(
        module for module in modules if module.partition(".")[0] in ("batchbook", "sqlalchemy")
    )
    return iter([standard, libraries, sorted({*modules} - {*standard, *libraries})])


def _mapping(values: Mapping[str, str]) -> str:
    """Return a mapping as code, whose ``values`` are code by key."""
    return f"{{{', '.join(f'{quoted(key)}: {value}' for key, value in values.items())}}}"


def _class_line(name: str, base: str) -> str:
    line = f"class {name}({base}):"
    return line if len(line) <= WIDTH else f"class {name}(\n    {base},\n):"
