"""The last blessed model, as the Evaluator and the CorpusEvaluator take it."""

import pytest
from tfx.types import standard_artifacts

from components.common.evaluation.blessed_baseline import without_candidates


def model(uri):
    artifact = standard_artifacts.Model()
    artifact.uri = uri
    return artifact


@pytest.mark.parametrize(
    ("baseline", "kept"),
    [(["/m/1"], ["/m/1"]), (["/m/2"], []), (["/m/2", "/m/3"], ["/m/3"]), ([], [])],
)
def test_a_baseline_that_is_the_candidate_is_left_out(baseline, kept):
    actual = without_candidates([model(uri) for uri in baseline], [model("/m/2")])
    assert [artifact.uri for artifact in actual] == kept
