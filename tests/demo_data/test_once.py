"""Data are generated once: complete or not at all, also with concurrent processes."""

import sys
import threading
import types

import pytest

from demo_data import once
from relation.core.errors import UserError


@pytest.fixture
def generator(monkeypatch):
    """Install a function as the `write` of a module, and return the module's name."""

    def install(write):
        module = types.ModuleType("made_up_generator")
        module.write = write
        monkeypatch.setitem(sys.modules, "made_up_generator", module)
        return "made_up_generator"

    return install


def write_one(folder):
    (folder / "a.tfrecord.gz").write_bytes(b"rows")


def test_makes_the_files_and_gives_their_pattern(generator, tmp_path):
    folder = tmp_path / "runs" / "data"
    assert once.write_once(generator(write_one), folder) == f"{folder}/*.tfrecord.gz"
    assert [path.name for path in folder.iterdir()] == ["a.tfrecord.gz"]
    assert [path.name for path in folder.parent.iterdir()] == ["data"]


def test_leaves_what_is_there(generator, tmp_path):
    folder = tmp_path / "data"
    once.write_once(generator(write_one), folder)
    before = (folder / "a.tfrecord.gz").stat()

    def fail(folder):
        raise AssertionError("called again")

    once.write_once(generator(fail), folder)
    after = (folder / "a.tfrecord.gz").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_generator_that_dies_leaves_nothing_that_counts(generator, tmp_path):
    folder = tmp_path / "data"

    def die(folder):
        write_one(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once.write_once(generator(die), folder)
    assert not folder.exists()
    # As if killed outright: the scratch folder of the dead one is still there.
    (tmp_path / ".data.0123456789ab").mkdir()
    once.write_once(generator(write_one), folder)
    assert (folder / "a.tfrecord.gz").read_bytes() == b"rows"


def test_of_two_that_race_one_wins(generator, tmp_path):
    folder = tmp_path / "data"
    both_inside = threading.Barrier(2, timeout=10)

    def write(scratch):
        both_inside.wait()
        for part in "ab":
            (scratch / f"{part}.tfrecord.gz").write_text(threading.current_thread().name)

    name = generator(write)
    racers = [threading.Thread(target=once.write_once, args=(name, folder)) for _ in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    writers = {path.read_text() for path in folder.iterdir()}
    assert len(list(folder.iterdir())) == 2
    assert len(writers) == 1  # Not one file of each.
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_module_that_is_not_there(tmp_path):
    with pytest.raises(
        UserError, match=r"'no\.such\.module': cannot be imported: ModuleNotFoundError: No mod"
    ):
        once.write_once("no.such.module", tmp_path / "data")


def test_a_module_without_write(tmp_path):
    with pytest.raises(UserError, match=r"'demo_data.once': has no function `write\(folder\)`"):
        once.write_once("demo_data.once", tmp_path / "data")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("3 is no digit\nat all"), "raised ValueError: 3 is no digit at all"),
        (FileNotFoundError(2, "No such file", "mine.csv"), "raised FileNotFoundError: .*mine.csv"),
        (SystemExit(0), "raised SystemExit: 0"),
        (KeyError(), "raised KeyError: no message"),
        (UserError("mend this"), "^mend this$"),
        (OSError(28, "No space left on device"), "cannot be written: No space left on device$"),
        (OSError(122, "Disk quota exceeded"), "cannot be written: Disk quota exceeded$"),
        (OSError(30, "Read-only file system"), "cannot be written: Read-only file system$"),
        (  # As TensorFlow's writer says it.
            RuntimeError("/a/b.gz; No space left on device"),
            "cannot be written: No space left on device$",
        ),
    ],
)
def test_a_generator_that_raises_is_named_with_its_exception(generator, tmp_path, error, message):
    def write(folder):
        raise error

    with pytest.raises(UserError, match=message):
        once.write_once(generator(write), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_raises_when_it_is_imported(tmp_path, monkeypatch):
    (tmp_path / "generator_that_raises.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="cannot be imported: ZeroDivisionError: division by zero"):
        once.write_once("generator_that_raises", tmp_path / "data")


def test_a_generator_that_makes_nothing(generator, tmp_path):
    with pytest.raises(UserError, match=r"wrote no file \*\.tfrecord\.gz"):
        once.write_once(generator(lambda folder: None), tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(generator, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match=r"file/data: .* cannot be written: Not a directory"):
        once.write_once(generator(write_one), tmp_path / "file" / "data")


def test_a_folder_with_something_else_in_it(generator, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="is not empty and holds no"):
        once.write_once(generator(write_one), tmp_path / "data")
    assert (tmp_path / "data" / "mine.txt").read_text() == "precious"
