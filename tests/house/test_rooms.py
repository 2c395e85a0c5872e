"""The layout that docs/architecture.md states: sizes of rooms, and which way imports run."""

import ast
from collections import Counter

import pytest

from tests.house.source_tree import (
    PACKAGES,
    ROOT,
    circle,
    floors,
    import_arrows,
    is_inside,
    modules,
    room_arrows,
    syntax,
)

MOST_MODULES = 12
REGISTRIES = {
    "components/entity_gen/readers",
    "components/report/sections",
    "trainer_module/heads",
    "trainer_module/losses",
}
"""Folders that grow by a file a part; recipes and data name the parts."""
MOST_LINES = 400
MOST_FLOORS, MOST_ARROWS = 7, 35
"""Of RelationGen: the longest chain of imports between its files and rooms, and all such imports."""
COMMON = "components.common"
LOWER = {
    "relation": {"relation"},
    "demo_data": {"demo_data", "relation"},
    "components": {"components", "relation"},
    "trainer_module": {"trainer_module", "relation"},
    "pipeline": set(PACKAGES),
}
"""What each package may import, itself included."""

ARROWS = import_arrows()
IS_PACKAGE = {name for name, path in modules().items() if path.name == "__init__.py"}


def component(module):
    return ".".join(module.split(".")[:2])


def test_the_tree_is_read():
    assert ("components.common.tfrecord_writer", "relation.files.tfrecord_reader") not in ARROWS
    assert (
        "components.evaluator.tuple_gates",
        "components.common.evaluation.evaluation_results",
    ) in ARROWS
    assert {*PACKAGES, "relation.core", "components.relation_gen"} <= IS_PACKAGE
    assert len(modules()) > 300


def test_circles_and_floors_by_hand():
    arrows = {("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")}
    assert circle(arrows) == []
    assert floors(frozenset(arrows)) == ["a", "b", "c"]
    assert set(circle(arrows | {("c", "a")})) <= set("abc")
    assert len(circle(arrows | {("c", "a")})) >= 3


def test_a_room_counts_once():
    arrows = {("p.r.a", "p.r.b"), ("p.r.a", "p.s.c"), ("p.r.b", "p.s.deep.d"), ("p.top", "p.r.b")}
    arrows |= {("p.top", "q.r.a"), ("p.s.c", "p")}
    assert room_arrows(frozenset(arrows), "p") == {("p.r", "p.s"), ("p.top", "p.r")}


def test_folders_have_few_modules():
    sizes = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for name, path in modules().items()
        if name not in IS_PACKAGE
    )
    assert set(sizes) >= REGISTRIES
    large = {folder: size for folder, size in sizes.items() if size > MOST_MODULES}
    assert set(large) <= REGISTRIES, large


def test_files_are_short():
    lines = {name: len(path.read_text().splitlines()) for name, path in modules().items()}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_packages_import_only_lower_ones():
    upward = [
        (importer, target)
        for importer, target in ARROWS
        if target.split(".")[0] not in LOWER[importer.split(".")[0]]
    ]
    assert upward == []


def test_components_share_by_common_alone():
    sideways = [
        (importer, target)
        for importer, target in ARROWS
        if is_inside(importer, "components") and is_inside(target, "components")
        if component(target) not in (component(importer), COMMON)
    ]
    assert sideways == []


def test_core_imports_nothing_else_of_relation():
    upward = [
        (importer, target)
        for importer, target in ARROWS
        if is_inside(importer, "relation.core") and not is_inside(target, "relation.core")
    ]
    assert upward == []


def test_modules_import_in_no_circle():
    assert circle(ARROWS) == []


@pytest.mark.parametrize("package", sorted(IS_PACKAGE))
def test_rooms_import_in_no_circle(package):
    assert circle(room_arrows(ARROWS, package)) == []


def test_relation_gen_has_few_floors_and_arrows():
    arrows = room_arrows(ARROWS, "components.relation_gen")
    assert circle(arrows) == []
    assert len(floors(arrows)) <= MOST_FLOORS, floors(arrows)
    assert len(arrows) <= MOST_ARROWS, sorted(arrows)


def test_no_package_takes_the_name_of_a_library():
    assert not (ROOT / "datasets").exists()
    assert not [name for name in modules() if "datasets" in name.split(".")]


def test_imports_are_absolute():
    relative = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_public_things_have_docstrings():
    bare = [
        f"{name}:{getattr(node, 'name', 'module')}"
        for name, path in modules().items()
        for node in public(syntax(path))
        if not ast.get_docstring(node)
    ]
    assert bare == []


def public(tree):
    """The module, its public classes and functions, and methods of classes that have no base.

    A method of a class with a base may be said by the base.
    """
    yield tree
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node
            methods = node.body if isinstance(node, ast.ClassDef) and not node.bases else []
            yield from (
                method
                for method in methods
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_")
            )
