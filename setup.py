"""The package list, which pyproject.toml cannot compute: top level templates and migrations ship inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages("src"),
        "batchbook.templates",
        "batchbook.migrations",
        "batchbook.migrations.versions",
    ]
)
