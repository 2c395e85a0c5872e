"""The tool that breaks lines: which edits it makes, how it draws, and what tests notice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mutants.draw import draw
from scripts.mutants.edits import edits_of
from scripts.mutants.parts import PARTS, Part, files
from scripts.mutants.reach import function_at
from scripts.mutants.report import Result, equivalents, table
from tests.env.checkout import ROOT


def edited(source):
    """The edited lines of a module, in the order of their columns."""
    lines = source.splitlines()
    return [edit.apply(lines).strip() for edit in edits_of(source)]


@pytest.mark.parametrize(
    ("line", "mutants"),
    [
        ("x = a < b", ["x = a <= b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = a is not b", ["x = a is b"]),
        ("x = größe - b", ["x = größe + b"]),
        ("x = (a) // (b)", ["x = (a) / (b)"]),
        ("x = a and b", ["x = a or b"]),
        ("x = not a", ["x = a"]),
        ("x = [a, 3]", ["x = [a, 2]", "x = [a, 4]"]),
        ("x = 0", ["x = 1"]),
        ("x = .5", ["x = 1.0"]),
        ("x = True", ["x = False"]),
        ("x += a", ["pass", "x -= a"]),
        ("x[i] = a", ["pass"]),
        ("f(a)", ["pass"]),
        ("x = f(a, b, c)", ["x = f(b, a, c)"]),
        ("x = max(a, b)", ["x = min(a, b)"]),
        ("x = np.minimum(a)", ["x = np.maximum(a)"]),
        ("x = np.zeros(0)", ["x = np.zeros(1)"]),
        ("x = range(n)", ["x = range((n) - 1)"]),
        ("x = a[:n]", ["x = a[:(n) + 1]"]),
        ("x = b if a else c", ["x = b if not (a) else c"]),
        ("x = [a for a in b if a]", ["x = [a for a in b if not (a)]"]),
        ("raise KeyError(1 + 2)", ["KeyError(1 + 2)"]),
    ],
)
def test_edits_of_a_line(line, mutants):
    assert sorted(edited(line)) == sorted(mutants)


@pytest.mark.parametrize(
    "line",
    [
        "from a import b",
        '"""One or two."""',
        "x: Literal[1]",
        "x = int | None",
        'x = f"{a + 1}"',
        'x = "a" + b',
        "assert a < 1",
        "print(1 + 2)",
        "warnings.warn(a, stacklevel=2)",
        "Alias = tuple[int, 3]",
        "@dataclass(frozen=True)\nclass A: pass",
        "if TYPE_CHECKING:\n    import a",
    ],
)
def test_what_computes_nothing_is_left_alone(line):
    assert edited(line) == []


def test_a_block_is_edited_without_its_docstring():
    source = 'def f(a: int = 1) -> bool:\n    """Whether 1 < 2."""\n    return a > 0\n'
    assert edited(source) == [
        "def f(a: int = 2) -> bool:",
        "return None",
        "return not (a > 0)",
        "return a >= 0",
        "return a > 1",
    ]


TOY = """
def clamp(value, low, high):
    if value < low:
        return low
    return min(value, high)


def unused(value):
    return value + 1
"""


def drawn(root, seed, count=5):
    return [mutant.key for mutant in draw(root, ["toy.py"], seed, count)]


def test_a_draw_depends_on_the_seed_and_on_the_line_alone(tmp_path):
    (tmp_path / "toy.py").write_text(TOY)
    first = drawn(tmp_path, 1)
    assert len(first) == len({before for _, before, _ in first}) == 4  # no line twice
    assert drawn(tmp_path, 1) == first
    assert any(drawn(tmp_path, seed) != first for seed in range(2, 6))
    (tmp_path / "toy.py").write_text("import a\n\n" + TOY)
    assert drawn(tmp_path, 1) == first
    assert drawn(tmp_path, 1, count=2) == first[:2]


TESTS = """
from toy import clamp

def test_clamp():
    assert [clamp(value, 1, 3) for value in (0, 2, 3, 5)] == [1, 2, 3, 3]
"""
RUN = """
import sys
from pathlib import Path
from scripts.mutants.parts import Part
from scripts.mutants.reach import function_at
from scripts.mutants.report import table
from scripts.mutants.run import Drawing, run_parts

same = {("toy.py", "if value < low:", "if value <= low:"): "both are `low` there"}
drawing = Drawing(int(sys.argv[1]), 4, Path("out"), same, again=len(sys.argv) == 2)
results = run_parts(Path("."), [Part("toy", ("toy.py",), ("tests",))], drawing)
print(table(results))
"""


def toy_project(folder):
    (folder / "tests").mkdir()
    (folder / "toy.py").write_text(TOY)
    (folder / "tests" / "test_toy.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    subprocess.run(["git", "init", "-q", folder], check=True)


def run_in(folder, command):
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_tests_kill_what_they_hold_and_what_they_do_not_hold_survives(tmp_path):
    toy_project(tmp_path)
    written = run_in(tmp_path, [sys.executable, "-c", RUN, "1"])
    outcomes = {
        line.split("`")[1]: line.split()[1] for line in written.splitlines() if "->" in line
    }
    assert outcomes.pop("return value + 1") == "survived", written
    assert set(outcomes) == {"if value < low:", "return low", "return min(value, high)"}
    assert sorted(outcomes.values()) == ["equivalent", "killed", "killed"]
    survivor, equivalent = (line for line in written.splitlines() if line.startswith("- "))
    assert survivor.startswith("- toy: `toy.py:9`")
    assert equivalent.endswith(": both are `low` there")
    assert (tmp_path / "toy.py").read_text() == TOY
    more = TESTS.replace("clamp\n", "clamp, unused\n", 1) + "    assert unused(1) == 2\n"
    (tmp_path / "tests" / "test_toy.py").write_text(more)
    once = run_in(tmp_path, [sys.executable, "-c", RUN, "1", "--once"])
    assert "| toy | 4 | 2 | 0 | 1 | 1 | 66.7 % |" in once
    again = run_in(tmp_path, [sys.executable, "-c", RUN, "1"])
    assert "| toy | 4 | 3 | 0 | 1 | 0 | 100.0 % |" in again


BROKEN = """
import sys
from pathlib import Path
from scripts.mutants import plan, trial

plan.ALLOWANCE = 1.0
copy = trial.Copy(Path("."), Path(sys.argv[1]))
test, log = "tests/test_toy.py", Path(sys.argv[1]) / "log"
with copy.edited("toy.py", sys.argv[2]):
    for seconds in (0.0, 9.0):
        outcome = trial.run_tests(copy, [test], log, 8.0, {f"{test}::test_clamp": seconds})
        print(outcome.passed, outcome.timed_out, outcome.failed)
outcome = trial.run_tests(copy, [test], log)
print(outcome.passed, *outcome.each, *outcome.reached[f"{test}::test_clamp"])
"""


@pytest.mark.parametrize(
    ("source", "run", "left_out"),
    [
        ("def clamp(*_): pass", "False False tests/test_toy.py::test_clamp", "True False "),
        (
            "def clamp(*_):\n    while True: pass",
            "False True tests/test_toy.py::test_clamp",
            "True False ",
        ),
        (
            "import time\ndef clamp(*_): time.sleep(99)",
            "False True tests/test_toy.py::test_clamp",
            "True False ",
        ),
        ("no_such_name", *["False False tests/test_toy.py"] * 2),  # The import fails at once.
    ],
)
def test_how_a_run_of_tests_ends(tmp_path, source, run, left_out):
    """A test for which no time is left notices nothing; afterwards the module is as before, and
    what the test entered is noted."""
    toy_project(tmp_path)
    command = [sys.executable, "-c", BROKEN, tmp_path / "copy", source]
    sound = "True tests/test_toy.py::test_clamp toy.py:clamp"
    assert run_in(tmp_path, command).splitlines() == [run, left_out, sound]


def test_lines_belong_to_the_innermost_function():
    source = "A = 1\nclass B:\n    def c(self):\n        def d():\n            return 1\n        return d\n"
    names = [function_at("m.py", source, line) for line in range(1, 7)]
    assert names == ["", "", "", "m.py:B.c", "m.py:B.c.d", "m.py:B.c"]


def result(outcome, part="a"):
    return Result(part, "m.py", 3, "x = 1", "x = 2", "constant", outcome, [])


def test_the_table_counts_by_part_and_names_all_but_the_killed():
    outcomes = ["killed", "killed", "timed out", "survived", "equivalent"]
    written = table([*map(result, outcomes), result("killed", "b")])
    assert "| a | 5 | 2 | 1 | 1 | 1 | 75.0 % |" in written
    assert "| b | 1 | 1 | 0 | 0 | 0 | 100.0 % |" in written
    assert "| **all** | 6 | 3 | 1 | 1 | 1 | 80.0 % |" in written
    assert written.count("- a: `m.py:3` `x = 1` → `x = 2`") == 3


def test_every_part_has_modules_and_tests_that_are_there():
    for part in PARTS:
        assert files(ROOT, part.modules), part
        assert all((ROOT / path.lstrip("-")).exists() for path in (*part.modules, *part.tests)), (
            part
        )


def test_no_module_belongs_to_two_parts():
    chosen = [name for part in PARTS for name in files(ROOT, part.modules)]
    assert len(chosen) == len(set(chosen))


def test_equivalents_name_lines_that_are_there():
    for (path, line, mutant), reason in equivalents().items():
        assert line in {text.strip() for text in (ROOT / path).read_text().splitlines()}, path
        assert mutant != line
        assert reason


def test_a_folder_stands_for_its_files_less_those_left_out(tmp_path):
    for name in ("a/b.py", "a/c/d.py", "a/c/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files(tmp_path, Part("", ("a",), ()).modules) == ["a/b.py", "a/c/d.py"]
    assert files(tmp_path, ("a", "-a/c")) == ["a/b.py"]
    assert files(Path(tmp_path), ("a/c/d.py",)) == ["a/c/d.py"]
