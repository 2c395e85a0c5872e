"""The parameters of EntityGen within TFX's `custom_config`, which is part of the cache key."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from google.protobuf import json_format, struct_pb2
from tfx.proto import example_gen_pb2
from tfx.utils import proto_utils


@dataclass(frozen=True)
class Config:
    """What EntityGen needs beside TFX's own parameters.

    Fields:
      id_feature: the feature that identifies a row.
      file_format: the name of a reader.
      bad_rows: "fail" or "skip".
      code_fingerprint: of the sources; not read, but an edited source is another execution.
      features: see `records.Layout`.
    """

    id_feature: str
    file_format: str
    bad_rows: str
    code_fingerprint: str
    features: Mapping[str, str] = field(default_factory=dict)

    def pack(self) -> example_gen_pb2.CustomConfig:
        """As the protocol buffer that TFX passes on."""
        struct = struct_pb2.Struct()
        struct.update(asdict(self))
        packed = example_gen_pb2.CustomConfig()
        packed.custom_config.Pack(struct)
        return packed


def unpack(custom_config: str) -> Config:
    """Reads the execution property `custom_config`, a `CustomConfig` as JSON."""
    packed = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(custom_config, packed)
    struct = struct_pb2.Struct()
    packed.custom_config.Unpack(struct)
    return Config(**json_format.MessageToDict(struct))
