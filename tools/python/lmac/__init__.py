"""Lossless audio compression, with the functions of soundfile.

>>> import numpy, lmac
>>> stream = lmac.encode(numpy.arange(8000, dtype="int16"), 8000)
>>> audio, rate = lmac.decode(stream)
>>> audio.dtype, audio.shape, rate
(dtype('int16'), (8000,), 8000)
"""

from ._files import decode_file, encode_file, open_source, open_wav
from ._lmac import DamagedError, Error
from ._sound import (
    Info,
    Recovered,
    SoundFile,
    blocks,
    decode,
    encode,
    info,
    open,
    pictures,
    read,
    recover,
    tags,
    verify,
    write,
)

__version__ = "0.1.0"

__all__ = [
    "DamagedError",
    "Error",
    "Info",
    "Recovered",
    "SoundFile",
    "blocks",
    "decode",
    "decode_file",
    "encode",
    "encode_file",
    "info",
    "open",
    "open_source",
    "open_wav",
    "pictures",
    "read",
    "recover",
    "tags",
    "verify",
    "write",
]
