"""Audio of every sample format, the same in every run."""

import pathlib

import numpy
import pytest

import lmac

SPEECH = pathlib.Path(__file__).parents[3] / "tests" / "samples" / "speech.wav"


def samples(dtype, shape, bits=None):
    """Makes a few tones with noise, as large as the type allows."""
    random = numpy.random.default_rng(7)
    at = numpy.arange(shape[0]).reshape(-1, 1)
    phase = numpy.arange(shape[1]).reshape(1, -1)
    wave = 0.4 * numpy.sin(at / 19 + phase) + 0.2 * numpy.sin(at / 7.1)
    wave += 0.01 * random.standard_normal(shape)
    dtype = numpy.dtype(dtype)
    if dtype.kind == "f":
        return wave.astype(dtype)
    bits = bits or dtype.itemsize * 8
    whole = numpy.rint(wave * 2 ** (bits - 1))
    return (whole + (128 if dtype.kind == "u" else 0)).astype(dtype)


#: Sample formats: the subtype, and the array that holds it exactly.
FORMATS = {
    "PCM_U8": ("uint8", 8),
    "PCM_16": ("int16", 16),
    "PCM_24": ("int32", 24),
    "PCM_32": ("int32", 32),
    "FLOAT": ("float32", None),
    "DOUBLE": ("float64", None),
}


@pytest.fixture(params=FORMATS)
def subtype(request):
    return request.param


@pytest.fixture(params=[1, 2, 5])
def audio(request, subtype):
    """Exact samples in a sample format."""
    dtype, bits = FORMATS[subtype]
    return samples(dtype, (6000, request.param), bits)


@pytest.fixture
def stream():
    """A stream of 16 chunks."""
    return lmac.encode(samples("int16", (16000, 2)), 8000, chunk_frames=1000, preset="fast")


@pytest.fixture
def speech():
    return SPEECH
