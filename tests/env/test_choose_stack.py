import pytest

from scripts.choose_stack import CannotRun, Python, choose_python, choose_stack


def name(glibc, override=""):
    return choose_stack(glibc, override)[0].name


@pytest.mark.parametrize(
    ("glibc", "stack"),
    [
        ((2, 17), "tfx116"),
        ((2, 36), "tfx116"),  # Debian 12
        ((2, 38), "tfx116"),
        ((2, 39), "tfx121"),  # Ubuntu 24.04
        ((2, 41), "tfx121"),  # Debian 13
        ((2, 100), "tfx121"),  # versions are compared as numbers
        ((3, 0), "tfx121"),
    ],
)
def test_takes_the_newest_stack_that_the_c_library_loads(glibc, stack):
    assert name(glibc) == stack


def test_says_why():
    assert choose_stack((2, 36))[1] == "glibc 2.36 < 2.39, which tfx 1.21 needs"
    assert choose_stack((2, 41))[1] == "glibc 2.41 >= 2.39"
    assert choose_stack((2, 41), "tfx116")[1] == "RELATA_STACK=tfx116"


def test_override():
    assert name((2, 41), "tfx116") == "tfx116"
    assert name((2, 41), "tfx121") == "tfx121"


@pytest.mark.parametrize(
    ("glibc", "override", "message"),
    [
        ((2, 36), "tfx121", r"tfx121 needs glibc >= 2\.39, this machine has 2\.36"),
        ((2, 12), "", r"every stack needs glibc >= 2\.17, this machine has 2\.12"),
        ((2, 41), "tfx2", "RELATA_STACK is 'tfx2'; it must be one of tfx121, tfx116"),
    ],
)
def test_errors_name_the_actual_and_the_required_version(glibc, override, message):
    with pytest.raises(CannotRun, match=message):
        choose_stack(glibc, override)


def pythons(*described):
    """'3.12' has headers, '3.12-' has none."""
    return [
        Python(f"/p{i}", tuple(map(int, text.rstrip("-").split("."))), not text.endswith("-"))
        for i, text in enumerate(described)
    ]


@pytest.mark.parametrize(
    ("glibc", "machine", "taken"),
    [
        ((2, 41), ["3.13.5"], "3.13.5"),
        ((2, 41), ["3.10.2", "3.13.5"], "3.10.2"),  # the machine's own fits, so it is taken
        ((2, 41), ["3.14.0", "3.11.9", "3.12.1"], "3.12.1"),
        ((2, 41), ["3.9.2", "3.14.0"], None),
        ((2, 36), ["3.11.2"], "3.11.2"),
        ((2, 36), ["3.13.0", "3.10.1", "3.11.7"], "3.11.7"),
        ((2, 36), ["3.12.0", "3.13.0"], None),
        ((2, 36), [], None),
        ((2, 36), ["3.11.2-", "3.10.1"], "3.10.1"),  # the stack compiles a package
        ((2, 36), ["3.11.2-", "3.13.1"], "3.11.2"),  # none better: make_env says what to install
    ],
)
def test_python(glibc, machine, taken):
    chosen = choose_python(choose_stack(glibc)[0], pythons(*machine))
    assert (chosen and ".".join(map(str, chosen.version))) == taken
