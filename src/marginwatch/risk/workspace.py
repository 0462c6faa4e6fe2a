"""Buffers that are used again, so that a frame of megabytes costs no fresh memory."""

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray


class Workspace:
    """Named arrays that keep their memory between uses; each use overwrites the last one of the same name."""

    def __init__(self) -> None:
        self._buffers: dict[str, FloatArray] = {}

    def array(self, name: str, length: int) -> FloatArray:
        """Return an uninitialized float64 array of ``length``."""
        buffer = self._buffers.get(name)
        if buffer is None or buffer.shape[0] < length:
            buffer = self._buffers[name] = np.empty(max(64, length * 5 // 4))
        return buffer[:length]

    def gather(self, name: str, values: FloatArray, codes: CodeArray) -> FloatArray:
        """Return ``values[:, codes]`` in the buffer ``name``; the codes must be valid, for they are not checked."""
        shape = (values.shape[0], codes.shape[0])
        # "clip" lets numpy write straight into the buffer; "raise" would fill a copy first.
        return values.take(
            codes, axis=1, out=self.array(name, shape[0] * shape[1]).reshape(shape), mode="clip"
        )
