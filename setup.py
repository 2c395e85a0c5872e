"""Installs the project, and is what Beam's ``--setup_file`` wants: ``python setup.py sdist``.

Everything is declared in ``pyproject.toml``.
"""

from setuptools import setup

setup()
