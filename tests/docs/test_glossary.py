"""The glossary of docs/concepts.md: each term once; the classes and functions that it names are there."""

import ast
import re

from tests.docs.pages import DOCS
from tests.house.source_tree import modules, syntax

PAGE = (DOCS / "concepts.md").read_text()
ROWS = re.findall(
    r"^\| ([^|]+) \| ([^|]+) \| ([^|]*?) ?\|$", PAGE[PAGE.index("## Glossary") :], re.MULTILINE
)[1:]


def test_each_term_is_there_once():
    terms = [term for term, _, _ in ROWS]
    assert len(terms) > 80
    assert len(terms) == len(set(terms))


def test_what_it_names_is_there():
    defined = {
        node.name
        for path in modules().values()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    named = {
        name for _, meaning, _ in ROWS for name in re.findall(r"`([A-Z]\w+[a-z]\w*)`", meaning)
    }
    named -= {"RELATA_PLUGINS"}
    assert {"CompiledRelation", "IndexShard", "ComponentConfig"} <= named
    assert named <= defined
