"""Files: what may be passed as one, and whole files to streams and back."""

import contextlib
import io
import os
import tempfile

from . import _lmac


def source(file):
    """Returns what the coder reads of: a path, bytes, or a file object.

    Descriptors stay open, and stay the caller's.
    """
    if isinstance(file, int):
        return io.FileIO(file, closefd=False)
    if isinstance(file, (bytearray, memoryview)):
        return bytes(file)
    if isinstance(file, (str, bytes, os.PathLike)) or hasattr(file, "read"):
        return file
    raise TypeError(
        f"the file is of type {type(file).__name__}; it must be a path, a descriptor, bytes "
        "or a file object that reads bytes"
    )


class Sink:
    """A file to write: nothing is at its path before all of it is written."""

    def __init__(self, file):
        self.path = self._temporary = None
        if isinstance(file, int):
            self.file = io.FileIO(file, "w", closefd=False)
        elif isinstance(file, (str, os.PathLike)):
            self.path = os.fspath(file)
            if os.path.exists(self.path) and not os.path.isfile(self.path):
                # A pipe or a device, which is written as it is.
                self.file = open(self.path, "wb", buffering=0)
                return
            folder, name = os.path.split(os.path.abspath(self.path))
            handle, self._temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", dir=folder)
            # mkstemp's files are for their owner alone.
            umask = os.umask(0)
            os.umask(umask)
            with contextlib.suppress(OSError):
                os.chmod(self._temporary, 0o666 & ~umask)
            self.file = io.FileIO(handle, "w")
        elif hasattr(file, "write"):
            self.file = file
        else:
            raise TypeError(
                f"the file is of type {type(file).__name__}; it must be a path, a descriptor "
                "or a file object that writes bytes"
            )

    def finish(self):
        """Puts the file in its place."""
        if self.path is not None:
            self.file.close()
        if self._temporary:
            os.replace(self._temporary, self.path)
            self._temporary = None

    def discard(self):
        """Leaves nothing behind of a file that was not finished."""
        if self.path is not None:
            self.file.close()
        if self._temporary:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)
            self._temporary = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.finish()
        else:
            self.discard()


def encode_file(file, target, **options):
    """Encodes a WAV, FLAC, AIFF, CAF, Wave64 or AU file, so that ``decode_file`` gives the same
    file again, byte for byte.

    Options: ``preset`` (store, light, fast, standard, max), ``threads`` (1; 0 is one for each
    core), ``verify`` (True: each chunk is decoded again and compared), ``chunk_frames``, ``md5``
    (True), ``tags`` (a dictionary), ``model`` (the path of a language model).
    """
    with Sink(target) as sink:
        _lmac.encode_file(source(file), sink.file, **options)


def decode_file(file, target, format=None, *, threads=1, memory=None, model=None):
    """Writes the file that a stream was made from, byte for byte.

    ``format`` makes a new one of the audio instead: "WAV", "FLAC" or "RAW".
    """
    with Sink(target) as sink:
        _lmac.decode_file(
            source(file), sink.file, format=format, threads=threads, memory=memory, model=model
        )


class _Decoded(io.RawIOBase):
    """A file that is decoded where it is read."""

    def __init__(self, file, **options):
        super().__init__()
        self._file = _lmac.WavFile(source(file), **options)
        self._place = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, buffer):
        if self.closed:
            raise ValueError("the file is closed")
        data = self._file.read_at(self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def seek(self, offset, whence=os.SEEK_SET):
        if self.closed:
            raise ValueError("the file is closed")
        if whence not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
            raise ValueError(f"whence is {whence}; it must be 0, 1 or 2")
        place = offset + (0, self._place, self._file.length)[whence]
        if place < 0:
            raise ValueError(f"byte {place} is before the start of the file")
        self._place = place
        return place

    def tell(self):
        return self._place

    def close(self):
        # The stream and its decoded chunks are let go.
        self._file = None if self.closed else self._file
        super().close()


def open_wav(file, *, memory=None, model=None):
    """Opens a stream as the WAV file of its audio: a file object that reads and seeks.

    What reads WAV files from file objects reads ``.lmac`` so: soundfile, librosa, scipy,
    torchcodec, wave. Only the chunks that are asked for are decoded.
    """
    return io.BufferedReader(_Decoded(file, memory=memory, model=model))


def open_source(file, *, memory=None, model=None):
    """Opens a stream as the file that it was made from: a file object that reads and seeks."""
    return io.BufferedReader(_Decoded(file, original=True, memory=memory, model=model))
