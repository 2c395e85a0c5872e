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
      id_feature: the feature that identifies a row; None: there is none.
      file_format: the name of a reader.
      bad_rows: "fail" or "skip".
      code_fingerprint: of the sources; not read, but an edited source is another execution.
      features: see `records.Layout`.
      partition: the feature that splits rows by its hash; None: they are not.
    """

    id_feature: str | None
    file_format: str
    bad_rows: str
    code_fingerprint: str
    features: Mapping[str, str] = field(default_factory=dict)
    partition: str | None = None

    @property
    def keys(self) -> dict[str, str]:
        """The features that every row must have one value of, and what each is."""
        keys = {} if self.id_feature is None else {self.id_feature: "id feature"}
        if self.partition is not None:
            keys.setdefault(self.partition, "split feature")
        return keys

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
