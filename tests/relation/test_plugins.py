"""Plug-ins are imported once, by path or by name, and register parts."""

import re
import sys
import zipfile

import pytest

from relation.core import plugins
from relation.core.errors import UserError
from relation.core.fingerprint import code_fingerprint
from relation.core.registry import Registry

COLOURS: Registry[object] = Registry("colour", {"red": "fractions.Fraction"})
SOURCE = "import relation.names\n"
LOSS = "import trainer_module.losses.base\n"


@pytest.fixture
def write_plugin(tmp_path, monkeypatch):
    written = []

    def write(name, text):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        written.append(path)
        monkeypatch.setenv(plugins.VARIABLE, ",".join(map(str, written)))
        return path

    yield write
    for path in written:
        sys.modules.pop(path.stem, None)
    plugins._load.cache_clear()


def test_a_file_is_imported_once_and_can_be_pickled_by_name(write_plugin):
    write_plugin("plugin_a", "class A:\n    pass\n")
    (module,) = plugins.load_plugins()
    assert plugins.load_plugins()[0] is module is sys.modules["plugin_a"]
    assert module.A.__module__ == "plugin_a"


def test_a_module_is_imported_by_name(monkeypatch):
    monkeypatch.setenv(plugins.VARIABLE, " colorsys , ")
    assert [module.__name__ for module in plugins.load_plugins()] == ["colorsys"]


def test_an_installed_distribution_names_its_module_by_an_entry_point(tmp_path, monkeypatch):
    folder = tmp_path / "plugin_f-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-f\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[relata.plugins]\nany = plugin_f\n")
    (tmp_path / "plugin_f.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    plugins._load.cache_clear()
    try:
        assert [module.__name__ for module in plugins.load_plugins()] == ["plugin_f"]
    finally:
        plugins._load.cache_clear()
        sys.modules.pop("plugin_f", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0\n", r"plug-in '.*plugin_b\.py' cannot be imported: ZeroDivisionError: division"),
        ("raise SystemExit(0)\n", r"cannot be imported: SystemExit: 0"),
        ("raise OSError('a\\nb')\n", r"cannot be imported: OSError: a b$"),
        ("import no_such_module\n", r"ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_what_cannot_be_imported_is_named_with_its_cause(write_plugin, text, message):
    write_plugin("plugin_b", text)
    with pytest.raises(UserError, match=message):
        plugins.load_plugins()
    assert "plugin_b" not in sys.modules


def test_no_file(monkeypatch):
    monkeypatch.setenv(plugins.VARIABLE, "/no/such/file.py")
    with pytest.raises(UserError, match=r"there is no file /no/such/file\.py"):
        plugins.load_plugins()


def test_a_file_must_not_hide_a_module(write_plugin):
    write_plugin("colorsys", "")
    import colorsys

    with pytest.raises(UserError, match="another module is already imported as 'colorsys'"):
        plugins.load_plugins()
    assert sys.modules["colorsys"] is colorsys


def test_parts_by_name():
    assert COLOURS.names == ("red",)
    assert "red" in COLOURS
    assert COLOURS["red"].__name__ == "Fraction"
    with pytest.raises(KeyError):
        COLOURS["green"]


def test_a_plugin_registers_a_part_and_must_not_take_a_name(write_plugin):
    header = "from tests.relation.test_plugins import COLOURS\n\n\n@COLOURS.register({!r})\n"
    write_plugin("plugin_c", header.format("green") + "class Green:\n    pass\n")
    assert COLOURS.names == ("green", "red")
    assert COLOURS["green"].__name__ == "Green"
    COLOURS._registered.clear()
    with pytest.raises(ValueError, match="colour 'red' is already registered"):
        COLOURS.register("red")(int)


def test_an_edited_plugin_changes_the_fingerprint_of_what_it_serves_alone(write_plugin):
    modules = "components.relation_gen.executor", "trainer_module.run_fn"
    before = [code_fingerprint(module) for module in modules]
    path = write_plugin("plugin_d", SOURCE)
    with_source = [code_fingerprint(module) for module in modules]
    assert all(a != b for a, b in zip(before, with_source, strict=True))
    path.write_text(SOURCE + "# edited\n")
    assert all(code_fingerprint(m) != f for m, f in zip(modules, with_source, strict=True))
    path.write_text(SOURCE)
    write_plugin("plugin_e", LOSS)
    data, training = (code_fingerprint(module) for module in modules)
    assert data == with_source[0]
    assert training != with_source[1]


@pytest.mark.parametrize("name", ["sys", "builtins", "_imp"])
def test_a_plugin_that_is_in_no_file_is_refused(monkeypatch, name):
    monkeypatch.setenv(plugins.VARIABLE, name)
    with pytest.raises(UserError) as raised:
        code_fingerprint("trainer_module.run_fn")
    assert str(raised.value) == (
        f"module {name!r} is in no file, so an edit could not be seen; expected a .py file"
    )


def test_a_folder_of_modules_is_in_no_file(tmp_path, monkeypatch):
    (tmp_path / "plugin_g").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="'plugin_g' is in no file"):
        plugins.module_content("plugin_g")


def test_a_module_in_an_archive_or_in_c_has_content(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("plugin_h.py", LOSS)
    monkeypatch.syspath_prepend(tmp_path / "a.zip")
    assert plugins.module_content("plugin_h") == LOSS.encode()
    monkeypatch.setenv(plugins.VARIABLE, "plugin_h")
    with_archive = code_fingerprint("trainer_module.run_fn")
    monkeypatch.setenv(plugins.VARIABLE, "google_crc32c._crc32c")
    assert plugins.module_content("google_crc32c._crc32c").startswith(b"\x7fELF")
    assert with_archive != code_fingerprint("trainer_module.run_fn")
    sys.modules.pop("plugin_h", None)


def test_a_plugin_may_import_beside_itself_and_be_written_in_another_encoding(write_plugin):
    text = "# coding: latin-1\n# é\nimport relation.names\ndef later():\n    from . import x\n"
    path = write_plugin("plugin_i", "")
    path.write_bytes(text.encode("latin-1"))
    assert len(code_fingerprint("components.relation_gen.executor")) == 16


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module", "there is no module 'no_such_module'"),
        ("no_such.module", "'no_such.module' cannot be imported: ModuleNotFoundError: No module"),
        ("__main__", "there is no module '__main__'"),
        ("", "there is no module ''"),
        ("plugin_j.inner", "'plugin_j.inner' cannot be imported: ZeroDivisionError: division"),
    ],
)
def test_what_is_no_module_has_no_content(tmp_path, monkeypatch, name, message):
    (tmp_path / "plugin_j").mkdir()
    (tmp_path / "plugin_j" / "__init__.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=re.escape(message)):
        plugins.module_content(name)
