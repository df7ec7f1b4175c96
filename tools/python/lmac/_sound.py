"""Streams as arrays, with the names and conventions of soundfile."""

import io
import os
from dataclasses import dataclass

import numpy

from . import _lmac, _samples
from ._files import Sink, source


@dataclass(frozen=True)
class Info:
    """What a stream says about itself."""

    samplerate: int
    channels: int
    #: None where a stream that cannot seek does not say.
    frames: "int | None"
    duration: "float | None"
    format: str
    subtype: str
    #: Bits of a sample that carry sound: 12 of 16, 20 of 24.
    valid_bits: int
    #: Speaker positions, as in a WAV file.
    channel_mask: "int | None"
    #: What the stream was made from: samples, raw, wav, flac, aiff and others.
    source: str
    #: The most frames of a chunk.
    chunk_frames: int
    #: The MD5 of the audio, in hexadecimal.
    md5: "str | None"
    #: The language model that decoding needs.
    model: "str | None"


@dataclass(frozen=True)
class Recovered:
    """What could be read of a damaged stream, with silence for what is lost."""

    data: numpy.ndarray
    samplerate: int
    #: Whether anything was damaged.
    damaged: bool
    #: Ranges of frames that are silence now: the first ten thousand.
    lost: "list[tuple[int, int]]"
    lost_frames: int
    #: The first thing that was wrong.
    first_error: "str | None"
    #: Whether the end of the stream is missing, so that more may have followed.
    truncated: bool


class SoundFile:
    """A stream, open for reading or writing.

    ``file`` is a path, a descriptor, bytes or a file object. With ``mode="w"``, ``samplerate`` and
    ``channels`` say what is written, in the sample format ``subtype`` (PCM_U8, PCM_16, PCM_24,
    PCM_32, FLOAT, DOUBLE), and options are those of ``encode_file``. A path gets its file at
    ``close``; if the block of a ``with`` statement fails, it keeps what it was.

    Threads may share a SoundFile.
    """

    def __init__(
        self,
        file,
        mode="r",
        samplerate=None,
        channels=None,
        subtype=None,
        *,
        frames=None,
        threads=1,
        memory=None,
        model=None,
        **options,
    ):
        self.mode = mode
        self._reader = self._writer = self._sink = None
        name = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
        self.name = os.fspath(name) if isinstance(name, os.PathLike) else name
        if mode == "r":
            if not (samplerate is None and channels is None and subtype is None) or options:
                raise TypeError("samplerate, channels, subtype and options are for mode 'w'")
            self._reader = _lmac.Reader(source(file), threads=threads, memory=memory, model=model)
            self._found = self._reader.info()
        elif mode == "w":
            if samplerate is None or channels is None:
                raise TypeError("samplerate and channels must be given with mode 'w'")
            subtype = subtype or "PCM_16"
            if subtype not in _samples.SUBTYPES:
                names = ", ".join(_samples.SUBTYPES)
                raise ValueError(f"subtype is {subtype!r}; it must be one of {names}")
            bits, floating = _samples.SUBTYPES[subtype]
            self._sink = Sink(file)
            try:
                self._writer = _lmac.Writer(
                    self._sink.file,
                    samplerate,
                    channels,
                    bits,
                    floating,
                    frames=frames,
                    threads=threads,
                    model=model,
                    **options,
                )
            except BaseException:
                self._sink.discard()
                raise
            self._found = {
                "samplerate": samplerate,
                "channels": channels,
                "frames": 0,
                "bits": bits,
                "float": floating,
            }
        else:
            raise ValueError(f"mode is {mode!r}; it must be 'r' or 'w'")

    samplerate = property(lambda self: self._found["samplerate"], doc="Frames per second.")
    channels = property(lambda self: self._found["channels"], doc="Channels.")
    frames = property(lambda self: self._found["frames"], doc="Frames, if they are known.")
    format = property(lambda self: "LMAC", doc="LMAC.")
    closed = property(lambda self: self._reader is None and self._writer is None)

    @property
    def subtype(self):
        """The sample format."""
        return _samples.subtype_of(self._found["bits"], self._found["float"])

    @property
    def info(self):
        """What the stream says about itself."""
        found = dict(self._reading().info())
        found["subtype"] = _samples.subtype_of(found.pop("bits"), found.pop("float"))
        rate, frames = found["samplerate"], found["frames"]
        duration = frames / rate if rate and frames is not None else None
        return Info(format="LMAC", duration=duration, **found)

    @property
    def _frame_bytes(self):
        return self._found["bits"] // 8 * self.channels

    def _reading(self):
        if self._reader is None:
            raise ValueError("the file is closed" if self.mode == "r" else "the file is written")
        return self._reader

    def seekable(self):
        """Returns whether the stream can be read from any frame on."""
        return self.mode == "r" and self._reading().seekable

    def tell(self):
        """Returns the frame that is read or written next."""
        return self.frames if self.mode == "w" else self._reading().tell()

    def seek(self, frames, whence=os.SEEK_SET):
        """Goes to a frame, and returns its number."""
        reader = self._reading()
        if not reader.seekable:
            raise io.UnsupportedOperation("the file cannot seek")
        if whence not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
            raise ValueError(f"whence is {whence}; it must be 0, 1 or 2")
        if whence == os.SEEK_END and self.frames is None:
            raise ValueError("the length of the file is not known: its end is missing")
        frame = frames + (0, reader.tell(), self.frames)[whence]
        if frame < 0 or self.frames is not None and frame > self.frames:
            raise ValueError(f"there is no frame {frame}: the file has {self.frames}")
        return reader.seek(frame)

    def read(self, frames=-1, dtype="float64", always_2d=False, fill_value=None, out=None):
        """Reads frames, or all that are left, as an array of (frames, channels).

        Mono is one-dimensional unless ``always_2d``. With ``dtype=None`` samples are exactly those
        of the file: uint8, int16, int32 (24-bit samples are numbers of 24 bits), float32 or
        float64. The others are soundfile's: floats from -1 to 1; int32 and int16 with the highest
        bits of the file.
        """
        reader = self._reading()
        if out is not None:
            if frames < 0 or frames > len(out):
                frames = len(out)
            dtype = out.dtype
        wanted = None if frames < 0 else frames * self._frame_bytes
        pcm = reader.read(wanted)
        bits, floating = self._found["bits"], self._found["float"]
        data = _samples.array(pcm, self.channels, bits, floating, dtype, always_2d)
        if out is not None:
            out[: len(data)] = data.reshape((len(data),) + out.shape[1:])
            if fill_value is None:
                return out[: len(data)]
            out[len(data) :] = fill_value
            return out
        if fill_value is not None and len(data) < frames:
            whole = numpy.full((frames,) + data.shape[1:], fill_value, data.dtype)
            whole[: len(data)] = data
            return whole
        return data

    def blocks(
        self,
        blocksize,
        overlap=0,
        frames=-1,
        dtype="float64",
        always_2d=False,
        fill_value=None,
    ):
        """Yields blocks of so many frames; the last one may be shorter."""
        if not 0 <= overlap < blocksize:
            raise ValueError(f"overlap is {overlap}; it must be 0 to {blocksize - 1}")
        kept = None
        left = frames
        while True:
            wanted = blocksize - (0 if kept is None else overlap)
            if left >= 0:
                wanted = min(wanted, left)
            new = self.read(wanted, dtype, always_2d) if wanted else None
            if new is None or not len(new):
                return
            left = left - len(new) if left >= 0 else left
            block = new if kept is None or not overlap else numpy.concatenate([kept, new])
            short = len(block) < blocksize
            kept = block[len(block) - overlap :].copy() if overlap else block[:0]
            if short and fill_value is not None:
                whole = numpy.full((blocksize,) + block.shape[1:], fill_value, block.dtype)
                whole[: len(block)] = block
                block = whole
            yield block
            if short:
                return

    def write(self, data):
        """Writes an array of (frames, channels).

        Integers of the file's own width are written as they are. Floats from -1 to 1 become
        integers: rounded to the nearest (soundfile rounds down), and clipped.
        """
        if self._writer is None:
            raise ValueError("the file is closed" if self.mode == "w" else "the file is read")
        data = numpy.asarray(data)
        if data.ndim == 1:
            data = data.reshape(-1, 1)
        if data.ndim != 2 or data.shape[1] != self.channels:
            raise ValueError(
                f"the array has the shape {data.shape}; it must be (frames, {self.channels})"
            )
        pcm = _samples.to_pcm(data, self._found["bits"], self._found["float"])
        self._writer.write(pcm)
        self._found["frames"] += len(data)

    def tags(self):
        """Returns the tags: names in upper case, each with a list of values."""
        return self._reading().tags()

    def close(self):
        """Closes the file, and ends the stream that is written."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with self._sink:
                writer.finish()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and self._writer is not None:
            self._writer = None
            self._sink.discard()
        self.close()

    def __del__(self):
        # What was not closed was not finished.
        if getattr(self, "_writer", None) is not None:
            self._writer = None
            self._sink.discard()

    def __len__(self):
        return self.frames

    def __repr__(self):
        return (
            f"SoundFile({self.name!r}, mode={self.mode!r}, samplerate={self.samplerate}, "
            f"channels={self.channels}, subtype={self.subtype!r})"
        )


def open(file, mode="r", samplerate=None, channels=None, subtype=None, **options):
    """Opens a stream for reading or writing. See ``SoundFile``."""
    return SoundFile(file, mode, samplerate, channels, subtype, **options)


def _span(sound, frames, start, stop):
    """Goes to the start, and returns the number of frames to read."""
    if frames >= 0 and stop is not None:
        raise TypeError("frames and stop exclude each other")
    if start or stop is not None:
        if sound.frames is None:
            raise ValueError("start and stop need a file whose length is known")
        first, last, _ = slice(start, stop).indices(sound.frames)
        if first:
            sound.seek(first)
        if stop is not None:
            frames = max(last - first, 0)
    return frames


def read(
    file,
    frames=-1,
    start=0,
    stop=None,
    dtype="float64",
    always_2d=False,
    fill_value=None,
    out=None,
    **options,
):
    """Reads a stream, or a part of it, and returns the array and the sample rate.

    ``dtype=None`` gives exactly the samples of the file. See ``SoundFile.read``.
    """
    with SoundFile(file, **options) as sound:
        frames = _span(sound, frames, start, stop)
        return sound.read(frames, dtype, always_2d, fill_value, out), sound.samplerate


def blocks(
    file,
    blocksize,
    overlap=0,
    frames=-1,
    start=0,
    stop=None,
    dtype="float64",
    always_2d=False,
    fill_value=None,
    **options,
):
    """Yields blocks of a stream."""
    with SoundFile(file, **options) as sound:
        frames = _span(sound, frames, start, stop)
        yield from sound.blocks(blocksize, overlap, frames, dtype, always_2d, fill_value)


def write(file, data, samplerate, subtype=None, **options):
    """Writes an array of (frames, channels), or of frames, to a stream.

    ``subtype`` is the sample format; without it, it is that of the array, so that nothing is lost.
    Options are those of ``encode_file``.
    """
    data = numpy.asarray(data)
    if subtype is None:
        subtype = _samples.SUBTYPE_OF.get(data.dtype.name)
        if subtype is None:
            names = ", ".join(_samples.SUBTYPE_OF)
            raise ValueError(f"the array is of {data.dtype.name}; it must be of one of {names}")
    channels = 1 if data.ndim == 1 else data.shape[-1]
    with SoundFile(file, "w", samplerate, channels, subtype, frames=len(data), **options) as sound:
        sound.write(data)


def encode(data, samplerate, subtype=None, **options):
    """Encodes an array, and returns the bytes of the stream."""
    stream = io.BytesIO()
    write(stream, data, samplerate, subtype, **options)
    return stream.getvalue()


def decode(data, dtype=None, always_2d=False, **options):
    """Decodes the bytes of a stream, and returns the array and the sample rate.

    Samples are exactly those that were encoded, unless ``dtype`` says otherwise.
    """
    return read(data, dtype=dtype, always_2d=always_2d, **options)


def info(file, **options):
    """Returns what a stream says about itself, as an ``Info``."""
    with SoundFile(file, **options) as sound:
        return sound.info


def tags(file, **options):
    """Returns the tags of a stream: names in upper case, each with a list of values."""
    with SoundFile(file, **options) as sound:
        return sound.tags()


def pictures(file, **options):
    """Returns the pictures of a stream: their kind, MIME type, description and bytes."""
    with SoundFile(file, **options) as sound:
        return sound._reading().pictures()


def verify(file, **options):
    """Decodes a whole stream. Raises an error if anything is wrong with it.

    Returns True if the audio was compared with its MD5, and False if the stream has none, so that
    checksums of its chunks were all that could be compared.
    """
    with SoundFile(file, **options) as sound:
        return sound._reading().verify()


def recover(file, dtype=None, always_2d=False, **options):
    """Reads what can be read of a damaged stream, as ``Recovered``."""
    reader = _lmac.Reader(source(file), recover=True, **options)
    pcm = reader.read(None)
    found, damage = reader.info(), reader.damage()
    data = _samples.array(pcm, found["channels"], found["bits"], found["float"], dtype, always_2d)
    return Recovered(
        data=data,
        samplerate=found["samplerate"],
        damaged=damage["any"],
        lost=damage["lost"],
        lost_frames=damage["lost_frames"],
        first_error=damage["first_error"],
        truncated=damage["truncated"],
    )
