"""The shipped recipes of pairs, as they are: they run, pass their gates and push.

The default recipe, of triplets, is run unchanged by the tests of the other engines and of the
tfx command.
"""

import pytest

from relation.load import load_recipe

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", ["digits_pairs", "digits_siamese"])
def test_a_shipped_recipe_is_blessed_and_pushed(name, worker, tmp_path):
    outcome = worker.run(name, tmp_path)
    assert outcome.status == 0, outcome.terminal
    assert outcome.verdict["verdict"] == "blessed"
    assert outcome.versions == [outcome.verdict["pushed_version"]]
    asked = load_recipe(name).recipe.evaluation.gates
    least = {gate["metric"]: gate for gate in outcome.verdict["gates"] if gate["bound"] == "min"}
    assert {metric: gate["threshold"] for metric, gate in least.items()} == {
        metric: gate.min for metric, gate in asked.items()
    }
    assert all(gate["value"] >= gate["threshold"] for gate in least.values())
