"""A refusal takes the place of the blessing that TFX's evaluation wrote."""

import pytest
from tfx.types import standard_artifacts

from components.evaluator.executor import _refuse


@pytest.mark.parametrize("blessed", [True, False])
def test_the_artifact_of_a_refused_model_says_so(tmp_path, blessed):
    artifact = standard_artifacts.ModelBlessing()
    artifact.uri = str(tmp_path)
    artifact.set_int_custom_property("blessed", int(blessed))
    (tmp_path / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
    _refuse(artifact)
    assert [path.name for path in tmp_path.iterdir()] == ["NOT_BLESSED"]
    assert artifact.get_int_custom_property("blessed") == 0
