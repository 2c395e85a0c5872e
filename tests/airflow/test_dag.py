"""The DAG that Airflow imports from the runner file; the import writes nothing."""

import json

import pytest

from tests.airflow.helpers import NEEDS_AIRFLOW, Airflow, variant

pytestmark = [pytest.mark.airflow, NEEDS_AIRFLOW]

READ = """
import json, sys
from airflow.models.dagbag import DagBag
from airflow.serialization.serialized_objects import SerializedDAG

def read():
    bag = DagBag(dag_folder=sys.argv[1], include_examples=False)
    assert not bag.import_errors, bag.import_errors
    return bag.dags

dags, others = read(), read()
dag, again = dags.pop("nightly"), others["nightly"]

def rendered(task_id, dag):
    task, context = dag.get_task(task_id), {"run_id": "R7"}
    values = task.render_template(task.op_kwargs, context, jinja_env=dag.get_template_env())
    return values["exec_properties"]

def upstream(dag):
    return {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks}

print("DAG", json.dumps({
    "id": dag.dag_id,
    "schedule": dag.schedule_interval,
    "catchup": dag.catchup,
    "max_active_runs": dag.max_active_runs,
    "description": json.loads(rendered("Report", dag)["request"])["description"],
    "served": json.loads(rendered("Pusher", dag)["custom_config"])["served"],
    "start": dag.start_date.isoformat(),
    "upstream": upstream(dag),
    "others": {name: upstream(other) for name, other in dags.items()},
    "same": SerializedDAG.to_dict(dag) == SerializedDAG.to_dict(again),
}))
"""

MORE = """
from pipeline.airflow_runner import build_dag

DAG = build_dag("relation_class")
"""

TEMPLATE = "{{ 7 * 7 }} {% raw %} {# no comment #} {{ no_such.thing }}"
"""Text of a recipe, which no template engine may see."""
MEASURED = ("Trainer", "LatestBlessedModel", "CorpusEvaluator", "Evaluator")
UPSTREAM = {
    "Prepare": set(),
    "EntityGen": {"Prepare"},
    "EntityStatistics": {"EntityGen"},
    "ImportSchemaGen": {"Prepare"},
    "EntityValidator": {"EntityStatistics", "ImportSchemaGen"},
    "RelationGen": {"EntityGen", "ImportSchemaGen", "EntityValidator"},
    "TupleStatistics": {"RelationGen"},
    "TupleValidator": {"TupleStatistics", "RelationGen"},
    "Transform": {"RelationGen", "TupleValidator"},
    "Trainer": {"Transform"},
    "LatestBlessedModel": {"Trainer"},
    "CorpusEvaluator": {"EntityGen", "RelationGen", "Trainer", "LatestBlessedModel"},
    "Evaluator": {"RelationGen", "Trainer", "LatestBlessedModel", "CorpusEvaluator"},
    "Pusher": {"Trainer", "Evaluator"},
    "Report": {"EntityGen", "RelationGen", *MEASURED},
    "Verdict": {"Pusher", "Report"},
}
TWO_INPUTS = {
    "Prepare": set(),
    "EntityGen": {"Prepare"},
    "EntityStatistics": {"EntityGen"},
    "ImportSchemaGen": {"Prepare"},
    "EntityValidator": {"EntityStatistics", "ImportSchemaGen"},
    "EntityGen_links": {"Prepare"},
    "EntityStatistics_links": {"EntityGen_links"},
    "ImportSchemaGen_links": {"Prepare"},
    "EntityValidator_links": {"EntityStatistics_links", "ImportSchemaGen_links"},
    "SplitGen": {"EntityGen", "EntityGen_links", "EntityValidator", "EntityValidator_links"},
    "RelationGen": {
        *("SplitGen", "ImportSchemaGen", "ImportSchemaGen_links"),
        *("EntityValidator", "EntityValidator_links"),
    },
    "TupleStatistics": {"RelationGen"},
    "TupleValidator": {"TupleStatistics", "RelationGen"},
    "Transform": {"RelationGen", "TupleValidator"},
    "Trainer": {"Transform"},
    "LatestBlessedModel": {"Trainer"},
    "CorpusEvaluator": {"SplitGen", "RelationGen", "Trainer", "LatestBlessedModel"},
    "Evaluator": {"RelationGen", "Trainer", "LatestBlessedModel", "CorpusEvaluator"},
    "Pusher": {"Trainer", "Evaluator"},
    "Report": {"SplitGen", "RelationGen", *MEASURED},
    "Verdict": {"Pusher", "Report"},
}
"""Edges of a recipe with two inputs, split by component."""


def test_the_dag(tmp_path):
    airflow = Airflow(tmp_path)
    schedule = {"cron": "30 2 * * *"}
    recipe = variant(tmp_path, "variant", name="nightly", schedule=schedule, description=TEMPLATE)
    (airflow.dags / "classes.py").write_text(MORE)
    done = airflow.run("-c", READ, str(airflow.dags), recipe=recipe)
    assert done.returncode == 0, done.stdout + done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("DAG ")]
    dag = json.loads(line.removeprefix("DAG "))
    assert {task: set(ids) for task, ids in dag.pop("upstream").items()} == UPSTREAM
    assert dag == {
        "id": "nightly",
        "schedule": "30 2 * * *",
        "catchup": False,
        "max_active_runs": 1,
        "description": TEMPLATE,
        "served": "R7",
        "start": "2025-01-01T00:00:00+00:00",
        "others": {"relation_class": {task: sorted(ids) for task, ids in TWO_INPUTS.items()}},
        "same": True,  # A DAG that differed each time would be stored anew each time.
    }
    assert not airflow.runs.exists()
