"""What a pipeline encodes at its shuffles and side inputs, read from its proto."""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam import coders
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2

PICKLES = (
    coders.FastPrimitivesCoder,
    coders.coders._PickleCoderBase,
    coders.coders.DeterministicFastPrimitivesCoder,
)


def of_shuffles(pipeline: beam.Pipeline) -> Iterator[tuple[str, Any]]:
    """The name of each GroupByKey and CombinePerKey, and the coder of what it sends to others."""
    proto, context = pipeline.to_runner_api(return_context=True)
    names = {transform.unique_name for transform in proto.components.transforms.values()}
    for transform in proto.components.transforms.values():
        urn = transform.spec.urn
        if urn == common_urns.primitives.GROUP_BY_KEY.urn:
            (collection,) = transform.inputs.values()
            coder_id = proto.components.pcollections[collection].coder_id
            coder = context.coders.get_by_id(coder_id)
            parent = transform.unique_name.partition("/CombinePerKey/")[0]
            if f"{parent}/KeyWithVoid" in names:  # The one key of CombineGlobally is None.
                coder = coder.value_coder()
            yield transform.unique_name, coder
        elif urn == common_urns.composites.COMBINE_PER_KEY.urn:
            payload = beam_runner_api_pb2.CombinePayload.FromString(transform.spec.payload)
            yield transform.unique_name, context.coders.get_by_id(payload.accumulator_coder_id)


def of_side_inputs(pipeline: beam.Pipeline) -> Iterator[tuple[str, Any]]:
    """The name of each side input, and the coder of its elements."""
    proto, context = pipeline.to_runner_api(return_context=True)
    for transform in proto.components.transforms.values():
        if transform.spec.urn == common_urns.primitives.PAR_DO.urn:
            payload = beam_runner_api_pb2.ParDoPayload.FromString(transform.spec.payload)
            for tag in payload.side_inputs:
                collection = proto.components.pcollections[transform.inputs[tag]]
                name = f"{transform.unique_name}: {collection.unique_name}"
                yield name, context.coders.get_by_id(collection.coder_id)


def pickles(coder: Any) -> list[str]:
    """The coders within a coder that fall back to pickle."""
    if isinstance(coder, PICKLES):
        return [repr(coder)]
    return [one for part in coder._get_component_coders() for one in pickles(part)]


def assert_no_pickle(pipeline: beam.Pipeline) -> int:
    """Checks that keys are deterministic and nothing is pickled; the number of shuffles."""
    number = 0
    for name, coder in of_side_inputs(pipeline):
        assert not pickles(coder), (name, coder)
    for name, coder in of_shuffles(pipeline):
        number += 1
        assert not pickles(coder), (name, coder)
        if isinstance(coder, coders.TupleCoder):
            assert coder.key_coder().is_deterministic(), (name, coder)
    return number


class CheckedPipeline(beam.Pipeline):
    """A pipeline that runs only if it pickles nothing at a shuffle or side input."""

    def run(self, *arguments: Any, **options: Any) -> Any:
        assert assert_no_pickle(self) > 0
        return super().run(*arguments, **options)
