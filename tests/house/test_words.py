"""The glossary of docs/concepts.md holds: no word that it retires is a name in the product."""

import ast
import re

from tests.house.source_tree import ROOT, modules, syntax

CONCEPTS = ROOT / "docs" / "concepts.md"
SETTINGS = {"names of locals"}
"""Rows whose words are retired as names of locals and arguments alone."""


def retired(text):
    """Identifiers in the last column of the glossary; and those of rows about locals."""
    everywhere, locals_ = set(), set()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3:
            (locals_ if cells[0] in SETTINGS else everywhere).update(
                re.findall(r"`([A-Za-z_]\w*)`", cells[2])
            )
    return everywhere, locals_


def names(tree):
    """(name, line, whether it is a local or an argument) of all that a module defines."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef():
                yield node.name, node.lineno, False
            case ast.arg():
                yield node.arg, node.lineno, True
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno, True
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno, False
            case ast.alias(asname=str()):
                yield node.asname, node.lineno, False
            case ast.ExceptHandler(name=str()):
                yield node.name, node.lineno, True


def comebacks(name, tree, everywhere, locals_):
    """The retired words among the names of a module, with their lines; `_x` counts as `x`."""
    for word, line, is_local in [(name.rpartition(".")[2], 1, False), *names(tree)]:
        if word.lstrip("_") in (everywhere | locals_ if is_local else everywhere):
            yield f"{name}:{line} {word}"


def test_the_glossary_is_read():
    text = "| term | meaning | retired words |\n|---|---|---|\n| group | `x` | `Old`, old |\n"
    text += "| names of locals | A `name`. | `told` |\n"
    assert retired(text) == ({"Old"}, {"told"})
    everywhere, locals_ = retired(CONCEPTS.read_text())
    assert {"Materialization", "judge", "trivial"} <= everywhere
    assert {"found", "told", "made", "known", "given", "asked"} <= everywhere | locals_


def test_a_retired_word_is_seen_wherever_it_is_a_name():
    code = """
import numpy as spill
class Old(Base):
    field: int = 0
    def method(self, _turn):
        self.heavy = told = [mass for mass in told]
        return self.line.told(given=1)
try:
    pass
except ValueError as job:
    pass
def found(): ...
"""
    words = {"spill", "Old", "turn", "heavy", "mass", "job", "line"}
    found = comebacks("a.places", ast.parse(code), {*words, "places"}, {"told", "given", "found"})
    assert sorted(found) == [
        "a.places:1 places",
        "a.places:10 job",
        "a.places:2 spill",
        "a.places:3 Old",
        "a.places:5 _turn",
        "a.places:6 heavy",
        "a.places:6 mass",
        "a.places:6 told",
    ]


RIDDLES = re.compile(
    r"(?<![Tt]here )\b(?:is|are) no\b(?! longer)|\bnone:|\bof which\b|\btold\b|\bmend\b|\bthere twice\b"
)
"""Phrases that a message or a docstring says more plainly: "is not a", "none, since", "fix"."""


def riddles(name, tree):
    """The texts of a module that hold such a phrase, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for phrase in RIDDLES.findall(" ".join(node.value.split())):
                yield f"{name}:{node.lineno} {phrase!r}"


def test_a_riddle_is_seen_in_messages_and_docstrings():
    code = """
def load(path):
    '''Reads a file, of
    which the first line is no header.'''
    raise ValueError(f"{path}: the data are no rows; expected none: mend it")
    raise ValueError(f"there is no file {path}: it is no longer there twice")
"""
    assert sorted(riddles("a", ast.parse(code))) == [
        "a:3 'is no'",
        "a:3 'of which'",
        "a:5 'are no'",
        "a:5 'mend'",
        "a:5 'none:'",
        "a:6 'there twice'",
    ]


def test_texts_of_the_product_are_no_riddles():
    assert [r for name, path in modules().items() for r in riddles(name, syntax(path))] == []


def test_no_retired_word_comes_back_as_a_name():
    everywhere, locals_ = retired(CONCEPTS.read_text())
    comebacks_ = [
        comeback
        for name, path in modules().items()
        for comeback in comebacks(name, syntax(path), everywhere, locals_)
    ]
    assert comebacks_ == []
