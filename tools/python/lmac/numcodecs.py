"""A codec of numcodecs, which compresses the chunks of zarr arrays."""

import numpy
from numcodecs.abc import Codec
from numcodecs.compat import ensure_bytes, ensure_contiguous_ndarray_like, ndarray_copy
from numcodecs.registry import register_codec

from ._sound import decode, encode


class Lmac(Codec):
    """Compresses arrays of uint8, int16, int32, float32 or float64 without loss.

    The last axis of an array of several dimensions holds the channels, and the others time.
    ``preset`` is that of ``lmac.encode``.
    """

    codec_id = "lmac"

    def __init__(self, preset="fast"):
        self.preset = preset

    def encode(self, buf):
        """Returns the bytes of a stream."""
        data = numpy.ascontiguousarray(buf)
        if data.ndim > 1:
            data = data.reshape(-1, data.shape[-1])
        native = data.astype(data.dtype.newbyteorder("="), copy=False)
        return encode(native, 0, preset=self.preset, verify=False)

    def decode(self, buf, out=None):
        """Returns the samples of a stream, without the array's shape."""
        data, _ = decode(ensure_bytes(buf))
        data = ensure_contiguous_ndarray_like(data)
        return data if out is None else ndarray_copy(data, out)


register_codec(Lmac)
