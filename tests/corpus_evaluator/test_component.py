"""The inputs of the CorpusEvaluator: only tuples and model are needed."""

from tfx.types import standard_artifacts

from components.corpus_evaluator.component import CorpusEvaluatorSpec


def test_only_tuples_and_the_model_are_needed():
    inputs = CorpusEvaluatorSpec.INPUTS
    assert {name: channel.optional for name, channel in inputs.items()} == {
        "tuples": False,
        "model": False,
        "examples": True,
        "other_examples": True,
        "edges": True,
        "baseline_model": True,
    }
    models = {n for n, channel in inputs.items() if channel.type is standard_artifacts.Model}
    assert models == {"model", "baseline_model"}
    assert (
        CorpusEvaluatorSpec.OUTPUTS["corpus_evaluation"].type is standard_artifacts.ModelEvaluation
    )
