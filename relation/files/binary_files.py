"""Buffered binary files on any file system that TensorFlow knows."""

import io
from typing import Any

from relation.numeric.lazy import tf

BUFFER_BYTES = 1 << 20


GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of a gzip file."""


def open_binary(path: str) -> io.BufferedReader:
    """Open a seekable file for buffered reading."""
    return io.BufferedReader(_Raw(tf.io.gfile.GFile(path, "rb")), BUFFER_BYTES)


def is_gzip(file: io.BufferedReader) -> bool:
    """Whether a file that is at its start is gzip."""
    return file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)


class _Raw(io.RawIOBase):
    def __init__(self, file: Any):
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._file.size()}[whence]
        self._file.seek(start + offset)
        return start + offset

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        self._file.close()
        super().close()
