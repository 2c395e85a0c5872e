"""The last blessed model, unless it is the candidate itself.

The local and the Airflow engine resolve the latest *other* blessed model (`components.resolver`).
Kubeflow's compiler knows TFX's own strategy only, which answers with the candidate when the Trainer
was served from the cache: compared with itself, no model is ever worse.
"""

from collections.abc import Iterable

from tfx.types import Artifact


def others(baselines: Iterable[Artifact], candidates: Iterable[Artifact]) -> list[Artifact]:
    """The baselines that have no candidate's URI."""
    known = {model.uri for model in candidates}
    return [model for model in baselines if model.uri not in known]
