"""PCM bytes to arrays of samples and back."""

import sys

import numpy

#: Names of sample formats, as soundfile has them: bits, and whether samples are floats.
SUBTYPES = {
    "PCM_U8": (8, False),
    "PCM_16": (16, False),
    "PCM_24": (24, False),
    "PCM_32": (32, False),
    "FLOAT": (32, True),
    "DOUBLE": (64, True),
}

#: What an array of each type is written as, unless the caller says otherwise.
SUBTYPE_OF = {
    "uint8": "PCM_U8",
    "int16": "PCM_16",
    "int32": "PCM_32",
    "float32": "FLOAT",
    "float64": "DOUBLE",
}

DTYPES = ("float64", "float32", "int32", "int16")


def subtype_of(bits, floating):
    """Returns the name of a sample format."""
    return next(name for name, kind in SUBTYPES.items() if kind == (bits, floating))


def own_dtype(bits, floating):
    """Returns the type of the array that holds a sample format exactly."""
    if floating:
        return numpy.dtype(f"float{bits}")
    return numpy.dtype({8: "uint8", 16: "int16"}.get(bits, "int32"))


def from_pcm(pcm, bits, floating):
    """Makes an array of the samples in PCM, in the type that holds them exactly."""
    if bits != 24:
        dtype = own_dtype(bits, floating)
        samples = pcm.view(dtype)
        return samples if sys.byteorder == "little" else samples.byteswap()
    wide = numpy.zeros((len(pcm) // 3, 4), numpy.uint8)
    wide[:, 1:] = pcm.reshape(-1, 3)
    return (wide.reshape(-1).view("<i4") >> 8).astype(numpy.int32, copy=False)


def converted(samples, bits, floating, dtype):
    """Converts exact samples to a type of soundfile's: floats from -1 to 1, or integers whose
    highest bits are those of the file."""
    if dtype is None:
        return samples
    dtype = numpy.dtype(dtype)
    if dtype.name not in DTYPES:
        raise ValueError(f"dtype is {dtype.name}; it must be None or one of {', '.join(DTYPES)}")
    if floating:
        if dtype.kind != "f":
            raise ValueError(
                f"the file has floats, and dtype is {dtype.name}: read them as float32 or float64"
            )
        return samples.astype(dtype, copy=False)
    if bits == 8:
        samples = samples.astype(numpy.int16) - 128
    if dtype.kind == "f":
        # A power of two: nothing is rounded but the sample itself, in float32.
        return samples.astype(dtype) * dtype.type(2.0 ** (1 - bits))
    to = dtype.itemsize * 8
    if to >= bits:
        return samples.astype(dtype) << (to - bits)
    return (samples >> (bits - to)).astype(dtype)


def array(pcm, channels, bits, floating, dtype, always_2d):
    """Makes an array of (frames, channels) of PCM, or of frames where there is one channel."""
    samples = converted(from_pcm(pcm, bits, floating), bits, floating, dtype)
    return samples.reshape(-1, channels) if channels > 1 or always_2d else samples


def to_pcm(data, bits, floating):
    """Makes PCM of an array.

    Integers of the file's own width are taken as they are; 24-bit samples come in int32. Floats
    from -1 to 1 are rounded and clipped. Other integers are refused.
    """
    if data.dtype.name not in SUBTYPE_OF:
        names = ", ".join(SUBTYPE_OF)
        raise ValueError(f"the array is of {data.dtype.name}; it must be of one of {names}")
    own = own_dtype(bits, floating)
    if floating:
        if data.dtype.kind != "f":
            width = data.dtype.itemsize * 8
            offset = 128 if data.dtype.kind == "u" else 0
            data = (data.astype(own) - offset) * own.type(2.0 ** (1 - width))
        return data.astype(own.newbyteorder("<"), copy=False).tobytes()
    if data.dtype.kind == "f":
        if not numpy.isfinite(data).all():
            raise ValueError("the array has samples that are infinite or not numbers")
        scale = 2.0 ** (bits - 1)
        whole = numpy.rint(data.astype(numpy.float64) * scale)
        data = numpy.clip(whole, -scale, scale - 1).astype(numpy.int32)
        if bits == 8:
            data = (data + 128).astype(numpy.uint8)
    elif data.dtype != own:
        raise ValueError(
            f"the array is of {data.dtype.name}, and samples of {bits} bits are {own.name}: "
            "convert it first, or choose another subtype"
        )
    if bits != 24:
        return data.astype(own.newbyteorder("<"), copy=False).tobytes()
    if data.size and (data.max() >= 1 << 23 or data.min() < -(1 << 23)):
        raise ValueError("the array has samples that do not fit 24 bits")
    bytes_of = numpy.ascontiguousarray(data, "<i4").reshape(-1).view(numpy.uint8)
    return bytes_of.reshape(-1, 4)[:, :3].tobytes()
