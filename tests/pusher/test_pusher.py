"""The Pusher's executor over artifacts in a folder."""

import json
import math
import os
from pathlib import Path

import pytest
from tfx.components.evaluator import constants
from tfx.types import channel_utils, standard_artifacts

from components.common.evaluation.evaluation_results import Verdict, write_verdict
from components.pusher.component import Pusher
from components.pusher.executor import Executor, _digest, newest_version
from relation.files.saved_model import read_decision


class Served:
    """A serving folder, and pushes into it."""

    def __init__(self, folder: Path):
        self.folder = folder / "serving"
        self._scratch = folder
        self._pushes = 0

    def push(self, content: str, *, blessed: bool = True, metrics=None):
        """Push a model of one file below a variable; return the `pushed_model` artifact.

        `metrics`: that the Evaluator found.
        """
        self._pushes += 1
        push_folder = self._scratch / f"push-{self._pushes}"
        model, blessing, pushed = (
            standard_artifacts.Model(),
            standard_artifacts.ModelBlessing(),
            standard_artifacts.PushedModel(),
        )
        for name, artifact in (("model", model), ("blessing", blessing), ("pushed", pushed)):
            artifact.uri = str(push_folder / name)
        saved = push_folder / "model" / "Format-Serving"
        (saved / "variables").mkdir(parents=True)
        (saved / "saved_model.pb").write_text("graph")
        (saved / "variables" / "variables.data").write_text(content)
        value = constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)
        destination = {"filesystem": {"base_directory": str(self.folder)}}
        evaluation = standard_artifacts.ModelEvaluation()
        evaluation.uri = str(push_folder)
        write_verdict(Verdict(blessed, (), metrics or {}, {}, None), evaluation.uri)
        Executor().Do(
            {"model": [model], "model_blessing": [blessing], "evaluation": [evaluation]},
            {"pushed_model": [pushed]},
            {"push_destination": json.dumps(destination), "custom_config": "null"},
        )
        return pushed

    @property
    def versions(self) -> dict[str, str]:
        """Return the content of each version, which must be complete."""
        versions = {}
        for version in self.folder.iterdir() if self.folder.exists() else ():
            assert (version / "saved_model.pb").read_text() == "graph"
            versions[version.name] = (version / "variables" / "variables.data").read_text()
        return versions


@pytest.fixture
def served(tmp_path):
    return Served(tmp_path)


def test_a_blessed_model_becomes_a_version_and_nothing_else_is_left(served):
    pushed = served.push("first")
    version = pushed.get_string_custom_property("pushed_version")
    assert served.versions == {version: "first"}
    assert version.isdecimal()
    assert pushed.get_string_custom_property("pushed_destination") == str(served.folder / version)
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_int_custom_property("added") == 1
    assert Path(pushed.uri, "variables", "variables.data").read_text() == "first"


def test_a_version_carries_the_threshold_that_was_chosen(served):
    metrics = {"threshold": 0.25, "accuracy": 0.9, "f1_threshold": math.nan, "f1": math.nan}
    pushed = served.push("first", metrics=metrics)
    version = pushed.get_string_custom_property("pushed_destination")
    assert read_decision(version) == {"accuracy": {"score": 0.25, "reached": 0.9}}
    # Of the same model another threshold is another version.
    other = served.push("first", metrics={**metrics, "threshold": 0.5})
    assert other.get_int_custom_property("added") == 1
    assert served.push("second").get_int_custom_property("added") == 1
    newest = newest_version(str(served.folder))
    assert read_decision(str(served.folder / newest)) == {}


def test_a_refused_model_pushes_nothing(served):
    pushed = served.push("first", blessed=False)
    assert served.versions == {}
    assert pushed.get_int_custom_property("pushed") == 0
    served.push("second")
    before = served.versions
    served.push("third", blessed=False)
    assert served.versions == before
    assert list(before.values()) == ["second"]


def test_the_same_model_again_adds_no_version(served):
    first = served.push("same").get_string_custom_property("pushed_version")
    again = served.push("same")
    assert served.versions == {first: "same"}
    assert again.get_int_custom_property("added") == 0
    assert again.get_int_custom_property("pushed") == 1
    assert again.get_string_custom_property("pushed_version") == first


def test_versions_grow_within_one_second_and_when_the_clock_is_set_back(served):
    future = "99999999999"
    first = served.push("a").get_string_custom_property("pushed_version")
    os.rename(served.folder / first, served.folder / future)
    versions = [served.push(c).get_string_custom_property("pushed_version") for c in "bca"]
    assert versions == ["100000000000", "100000000001", "100000000002"]
    assert [served.versions[version] for version in versions] == ["b", "c", "a"]


def test_an_earlier_model_is_pushed_again_once_another_is_served(served):
    versions = [served.push(c).get_string_custom_property("pushed_version") for c in "aba"]
    assert sorted(versions, key=int) == versions
    assert [served.versions[version] for version in versions] == ["a", "b", "a"]


def test_what_a_killed_push_left_is_no_version(served):
    leftover = served.folder / ".pushing-0123456789ab" / "99999999999"
    leftover.mkdir(parents=True)
    assert newest_version(str(served.folder)) is None
    version = served.push("a").get_string_custom_property("pushed_version")
    assert int(version) < 99999999999
    assert newest_version(str(served.folder)) == version


def test_the_newest_version_is_the_highest_number(tmp_path):
    assert newest_version(str(tmp_path / "absent")) is None
    for name in ("9", "10", "notes", "1.5", "-11", ".12"):
        (tmp_path / name).mkdir()
    assert newest_version(str(tmp_path)) == "10"


def test_the_cache_key_holds_what_is_served(tmp_path):
    def key():
        model = channel_utils.as_channel([standard_artifacts.Model()])
        blessing = channel_utils.as_channel([standard_artifacts.ModelBlessing()])
        evaluation = channel_utils.as_channel([standard_artifacts.ModelEvaluation()])
        pusher = Pusher(model, blessing, evaluation, str(tmp_path / "serving"))
        return pusher.exec_properties["custom_config"]

    assert key() != key()  # Nothing is served: whatever was pushed before is gone.
    (tmp_path / "serving" / "7").mkdir(parents=True)
    assert key() == key()
    seven = key()
    (tmp_path / "serving" / "8").mkdir()
    assert key() != seven


def digest(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return _digest(str(folder))


def test_a_model_is_the_names_and_contents_of_its_files_wherever_it_lies(tmp_path):
    files = {"b": b"2", "v/a": b"1", "v/c": b""}
    one = digest(tmp_path / "one", files)
    assert digest(tmp_path / "far" / "other", dict(reversed(files.items()))) == one
    others = [
        {"x": b"2", "v/a": b"1", "v/c": b""},
        {"b": b"2", "w/a": b"1", "w/c": b""},
        {"b": b"2", "v/a": b"3", "v/c": b""},
        {"b": b"", "v/a": b"1", "v/c": b"2"},
        {"b": b"2", "v/a": b"1"},
        {"b": b"2v/a\0001\0001", "v/c": b""},
    ]
    digests = [digest(tmp_path / str(n), content) for n, content in enumerate(others)]
    assert len({one, *digests}) == 1 + len(others)
