"""EntityGen's parameters inside TFX's `custom_config`, which is part of the cache key."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from google.protobuf import json_format, struct_pb2
from tfx.proto import example_gen_pb2
from tfx.utils import proto_utils

from relation.data import RowReading


@dataclass(frozen=True)
class Config:
    """EntityGen's parameters beside TFX's own.

    Fields:
      id_feature: feature that identifies a row; None where rows have no id.
      file_format: name of a reader.
      bad_rows: "fail" or "skip".
      code_fingerprint: of the sources. Only the cache key uses it.
      features: see `records.ReadOptions`.
      partition: feature whose hash splits the rows; None where nothing is split.
      images: see `records.ReadOptions`.
      missing: likewise.
      derive_id: whether the id is a hash of a row's other features.
      folder: folder above the first wildcard of all patterns; ids of images are relative to it.
    """

    id_feature: str | None
    file_format: str
    bad_rows: str
    code_fingerprint: str
    features: Mapping[str, str] = field(default_factory=dict)
    partition: str | None = None
    folder: str = "."
    derive_id: bool = False
    images: Sequence[str] = ()
    missing: Sequence[str] = ()

    @property
    def keys(self) -> dict[str, str]:
        """Map each feature that every row must have exactly once to its purpose."""
        keys = {} if self.id_feature is None else {self.id_feature: "id feature"}
        if self.partition is not None:
            keys.setdefault(self.partition, "split feature")
        return keys

    @property
    def reading(self) -> RowReading:
        """How files are read."""
        return RowReading.model_validate(
            {
                "format": self.file_format,
                "types": self.features,
                "images": self.images,
                "missing": self.missing,
                "derived_id": self.id_feature if self.derive_id else None,
            }
        )

    def pack(self) -> example_gen_pb2.CustomConfig:
        """Pack the parameters into the protocol buffer that TFX passes on."""
        struct = struct_pb2.Struct()
        struct.update({**asdict(self), "images": list(self.images), "missing": list(self.missing)})
        packed = example_gen_pb2.CustomConfig()
        packed.custom_config.Pack(struct)
        return packed


def unpack(custom_config: str) -> Config:
    """Read the execution property `custom_config`: a `CustomConfig` as JSON."""
    packed = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(custom_config, packed)
    struct = struct_pb2.Struct()
    packed.custom_config.Unpack(struct)
    return Config(**json_format.MessageToDict(struct))
