"""Streams in the samples of webdataset.

>>> import webdataset, lmac.webdataset
>>> shards = webdataset.WebDataset("shards-{0000..0099}.tar")  # doctest: +SKIP
>>> samples = shards.decode(lmac.webdataset.decoder())  # doctest: +SKIP
"""

from ._sound import read


def decoder(dtype="float32", always_2d=False, **options):
    """Returns a handler for ``WebDataset.decode``: entries named ``*.lmac`` become
    ``(array, samplerate)``, and others are left to other handlers.

    Arguments are those of ``lmac.read``.
    """

    def handler(key, data):
        if not key.lower().endswith("lmac"):
            return None
        return read(data, dtype=dtype, always_2d=always_2d, **options)

    return handler
