"""The last blessed model, unless it is the candidate itself.

The local and the Airflow engine resolve the latest *other* blessed model (`components.resolver`).
Kubeflow's compiler knows TFX's own strategy only. That returns the candidate itself if the Trainer
was served from the cache, and a model compared with itself is never worse.
"""

from collections.abc import Iterable

from tfx.types import Artifact


def without_candidates(
    baselines: Iterable[Artifact], candidates: Iterable[Artifact]
) -> list[Artifact]:
    """The baselines whose URI is not that of a candidate."""
    uris = {model.uri for model in candidates}
    return [model for model in baselines if model.uri not in uris]
