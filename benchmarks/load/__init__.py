"""The load of many people on servers that run as processes of their own, and what writers wait for while a batch is executed."""

from __future__ import annotations

from benchmarks.load.scenes import LoadFigures, load_figures

__all__ = ["LoadFigures", "load_figures"]
