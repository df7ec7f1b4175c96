"""Arrays are those that soundfile reads of the WAV file, and calls look the same."""

import io

import numpy
import pytest
import soundfile

import lmac


def wav(audio, subtype):
    """Writes a WAV file with soundfile, whose 24-bit samples are the upper bits of int32."""
    file = io.BytesIO()
    if audio.dtype == numpy.uint8:
        audio = (audio.astype(numpy.int16) - 128) << 8
    elif subtype == "PCM_24":
        audio = audio << 8
    soundfile.write(file, audio, 8000, subtype, format="WAV")
    return file.getvalue()


def encoded(file):
    stream = io.BytesIO()
    lmac.encode_file(file, stream, preset="light")
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "int16"])
def test_read_equals_soundfile(audio, subtype, dtype):
    file = wav(audio, subtype)
    if dtype.startswith("int") and audio.dtype.kind == "f":
        with pytest.raises(ValueError, match="read them as float32 or float64"):
            lmac.read(encoded(file), dtype=dtype)
        return
    wanted, rate = soundfile.read(io.BytesIO(file), dtype=dtype)
    found, found_rate = lmac.read(encoded(file), dtype=dtype)
    assert found.dtype == wanted.dtype and found.flags.writeable
    assert numpy.array_equal(found, wanted)
    assert found_rate == rate


def test_own_samples_are_exact(audio, subtype):
    stream = lmac.encode(audio, 8000, subtype)
    found, rate = lmac.decode(stream, always_2d=True)
    assert found.dtype == audio.dtype and rate == 8000
    assert numpy.array_equal(found, audio)
    assert lmac.info(stream).subtype == subtype


def test_floats_that_were_read_are_written_as_they_were(audio, subtype):
    stream = lmac.encode(audio, 8000, subtype)
    floats, _ = lmac.read(stream)
    again = lmac.decode(lmac.encode(floats, 8000, subtype), always_2d=True)[0]
    assert numpy.array_equal(again, audio)


@pytest.mark.parametrize("subtype, bits", [("PCM_U8", 8), ("PCM_16", 16), ("PCM_24", 24)])
def test_floats_are_rounded_and_clipped(subtype, bits):
    step = 2.0 ** (1 - bits)
    audio = numpy.array([-1.5, -1, -0.4 * step, 0.4 * step, 0.6 * step, 0.99, 1, 1.5])
    found, _ = lmac.read(lmac.encode(audio, 8000, subtype))
    assert numpy.abs(found - audio.clip(-1, 1 - step)).max() <= step / 2


@pytest.mark.parametrize(
    "span",
    [
        {"frames": 70},
        {"start": 999, "frames": 3},
        {"start": 15990},
        {"start": -50},
        {"start": 100, "stop": -100},
        {"start": 20000},
        {"frames": 20000, "fill_value": 0.5},
        {"start": 5, "stop": 5},
    ],
)
def test_parts_equal_soundfile(stream, span):
    file = io.BytesIO()
    lmac.decode_file(stream, file, "WAV")
    wanted, _ = soundfile.read(io.BytesIO(file.getvalue()), **span)
    found, _ = lmac.read(stream, **span)
    assert numpy.array_equal(found, wanted)


@pytest.mark.parametrize("arguments", [(1000,), (999, 100), (4000, 3999, 4010), (30000,)])
def test_blocks_equal_soundfile(stream, arguments):
    wav = lmac.open_wav(stream)
    wanted = [block.copy() for block in soundfile.blocks(wav, *arguments)]
    found = list(lmac.blocks(stream, *arguments))
    assert [len(block) for block in found] == [len(block) for block in wanted]
    assert all(map(numpy.array_equal, found, wanted))


def test_open_seeks_and_reads(stream):
    whole, _ = lmac.decode(stream)
    with lmac.open(stream) as sound:
        assert (sound.frames, sound.channels, sound.samplerate) == (16000, 2, 8000)
        assert sound.seek(-10, 2) == 15990
        assert numpy.array_equal(sound.read(dtype=None), whole[-10:])
        assert sound.tell() == 16000 and len(sound.read()) == 0
        sound.seek(1234)
        out = numpy.empty((7, 2), "int16")
        assert sound.read(out=out) is not None
        assert numpy.array_equal(out, whole[1234:1241])
        with pytest.raises(ValueError, match="there is no frame 16001"):
            sound.seek(16001)
    with pytest.raises(ValueError, match="closed"):
        sound.read()


def test_a_stream_without_its_end_can_seek(stream):
    whole, _ = lmac.decode(stream)
    with lmac.open(stream[: len(stream) // 2]) as sound:
        assert sound.frames is None
        assert sound.seek(1234) == 1234
        assert numpy.array_equal(sound.read(5, dtype=None), whole[1234:1239])
        with pytest.raises(ValueError, match="not known"):
            sound.seek(-1, 2)
        with pytest.raises(ValueError, match="no frame -1"):
            sound.seek(-1)


def test_write_in_parts(tmp_path):
    audio = numpy.arange(3000, dtype="int16")
    path = tmp_path / "a.lmac"
    with lmac.open(path, "w", 8000, 1) as sound:
        sound.write(audio[:1000])
        sound.write(audio[1000:])
        assert sound.tell() == 3000 and not path.exists()
    assert numpy.array_equal(lmac.read(path, dtype=None)[0], audio)


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.lmac"
    path.write_bytes(b"old")
    with pytest.raises(KeyError):
        with lmac.open(path, "w", 8000, 1) as sound:
            sound.write(numpy.arange(3000, dtype="int16"))
            raise KeyError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: lmac.encode([1j], 8000), "complex128"),
        (lambda: lmac.encode(numpy.zeros((2, 2, 2)), 8000), "shape"),
        (lambda: lmac.encode([1.0, float("nan")], 8000, "PCM_16"), "not numbers"),
        (lambda: lmac.encode(numpy.int32([1 << 23]), 8000, "PCM_24"), "24 bits"),
        (lambda: lmac.encode(numpy.int16([1]), 8000, "PCM_24"), "convert it first"),
        (lambda: lmac.encode([1.0], 8000, "PCM_12"), "PCM_U8, PCM_16"),
        (lambda: lmac.encode([1.0], 8000, preset="best"), "store, light"),
        (lambda: lmac.encode([1.0], 8000, speed=1), "no option"),
        (lambda: lmac.encode([1.0], 8000, model="none"), "has no language models"),
        (lambda: lmac.read(lmac.encode([1.0], 8000), dtype="int8"), "None or one of float64"),
        (lambda: lmac.open(b"", "a"), "must be 'r' or 'w'"),
    ],
)
def test_wrong_calls_say_what_is_right(call, text):
    with pytest.raises((ValueError, lmac.Error), match=text):
        call()
