"""Import: any table that people send becomes records of a target, such as products.

Packages that register targets of their own import the names they need from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchbook.lazy_exports import lazy_exports
from batchbook.services import services_of

if TYPE_CHECKING:
    from batchbook.types.imports.handler import ImportHandler as ImportHandler
    from batchbook.types.imports.models import Import as Import
    from batchbook.types.imports.models import ImportRow as ImportRow
    from batchbook.types.imports.models import ImportStatus as ImportStatus
    from batchbook.types.imports.targets import Application as Application
    from batchbook.types.imports.targets import Check as Check
    from batchbook.types.imports.targets import ImportField as ImportField
    from batchbook.types.imports.targets import ImportTarget as ImportTarget
    from batchbook.types.imports.targets import Lookup as Lookup
else:
    __getattr__ = lazy_exports(__name__)


def includeme(config: Any) -> None:
    """Add the directive ``config.add_import_target``, register the type, and the targets that ship."""
    # Imported here, so that the models can be imported without the rest, as migrations do.
    from batchbook.types.imports.handler import ImportHandler
    from batchbook.types.imports.models import Import
    from batchbook.types.imports.targets import ImportTargets

    targets = ImportTargets()
    services_of(config.registry).add(ImportTargets, targets)
    config.add_directive("add_import_target", "batchbook.types.imports.target_checks.add_import_target")
    config.add_batch_type(
        Import,
        handler=ImportHandler,
        view="batchbook.types.imports.views.ImportView",
        services={"targets": targets},
    )
    config.include("batchbook.types.imports.shipped_targets")
