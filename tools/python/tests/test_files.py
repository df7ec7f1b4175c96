"""Files of every kind, what libraries read through open_wav, and errors."""

import hashlib
import io
import os
import threading
import wave

import numpy
import pytest
import scipy.io.wavfile
import soundfile

import lmac


@pytest.mark.parametrize("kind", ["path", "string", "descriptor", "object", "bytes", "pipe"])
def test_streams_come_from_anywhere(stream, tmp_path, kind):
    whole, _ = lmac.decode(stream)
    path = tmp_path / "a.lmac"
    path.write_bytes(stream)
    with open(path, "rb") as opened:
        if kind == "pipe":
            ends = os.pipe()
            writer = threading.Thread(target=lambda: (os.write(ends[1], stream), os.close(ends[1])))
            writer.start()
            source = ends[0]
        else:
            source = {
                "path": path,
                "string": str(path),
                "descriptor": opened.fileno(),
                "object": opened,
                "bytes": bytearray(stream),
            }[kind]
        found, rate = lmac.read(source, dtype=None)
        if kind == "pipe":
            writer.join()
            os.close(ends[0])
    assert rate == 8000 and numpy.array_equal(found, whole)


@pytest.mark.parametrize("format", ["WAV", "FLAC", "AIFF", "CAF", "AU"])
def test_files_come_back_byte_for_byte(speech, tmp_path, format):
    audio, rate = soundfile.read(speech, dtype="int16")
    source, target = tmp_path / "source", tmp_path / "target"
    soundfile.write(source, audio, rate, "PCM_16", format=format)
    lmac.encode_file(source, tmp_path / "a.lmac", preset="fast", tags={"title": ["a", "b"]})
    lmac.decode_file(tmp_path / "a.lmac", target)
    assert target.read_bytes() == source.read_bytes()
    with lmac.open_source(tmp_path / "a.lmac") as file:
        assert file.read() == source.read_bytes()
    assert lmac.tags(tmp_path / "a.lmac") == {"TITLE": ["a", "b"]}
    info = lmac.info(tmp_path / "a.lmac")
    pcm = audio.astype("<i2").tobytes()
    assert info.source == format.lower() and info.md5 == hashlib.md5(pcm).hexdigest()
    assert lmac.verify(tmp_path / "a.lmac") is True


@pytest.mark.parametrize("format", ["WAV", "FLAC", "RAW"])
def test_new_files_have_the_audio(stream, format):
    file = io.BytesIO()
    lmac.decode_file(stream, file, format)
    whole, _ = lmac.decode(stream)
    if format == "RAW":
        assert file.getvalue() == whole.tobytes()
    else:
        assert numpy.array_equal(
            soundfile.read(io.BytesIO(file.getvalue()), dtype="int16")[0], whole
        )


def test_libraries_read_through_open_wav(stream):
    whole, _ = lmac.decode(stream)
    with soundfile.SoundFile(lmac.open_wav(stream)) as sound:
        sound.seek(15000)
        assert numpy.array_equal(sound.read(10, dtype="int16"), whole[15000:15010])
    with wave.open(lmac.open_wav(stream)) as file:
        file.setpos(777)
        assert file.readframes(5) == whole[777:782].tobytes()
    rate, found = scipy.io.wavfile.read(lmac.open_wav(stream))
    assert rate == 8000 and numpy.array_equal(found, whole)


def test_threads_decode_at_once(stream):
    whole, _ = lmac.decode(stream)
    wrong = []

    def work():
        for _ in range(5):
            if not numpy.array_equal(lmac.read(io.BytesIO(stream), dtype=None)[0], whole):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert numpy.array_equal(lmac.decode(stream, threads=2)[0], whole)


def test_threads_share_a_file(stream):
    with lmac.open(io.BytesIO(stream)) as sound:
        lengths = []

        def work():
            while len(block := sound.read(100)):
                lengths.append(len(block))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(lengths) == 16000


def test_damage_is_an_error_and_the_rest_is_recovered(stream):
    whole, _ = lmac.decode(stream)
    broken = bytearray(stream)
    broken[len(broken) // 2] ^= 1
    with pytest.raises(lmac.DamagedError, match=r"^chunk \d+: checksum mismatch"):
        lmac.read(broken)
    with pytest.raises(lmac.DamagedError):
        lmac.verify(broken)
    found = lmac.recover(broken)
    assert found.damaged and found.lost_frames == 1000 and len(found.lost) == 1
    ((start, end),) = found.lost
    whole[start:end] = 0
    assert numpy.array_equal(found.data, whole)
    assert not lmac.recover(stream).damaged
    cut = lmac.recover(stream[: len(stream) // 2])
    assert cut.truncated and 0 < len(cut.data) < 16000


def test_errors_of_files_are_those_of_python(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        lmac.read(tmp_path / "none.lmac")
    assert error.value.filename == str(tmp_path / "none.lmac")
    with pytest.raises(IsADirectoryError):
        lmac.read(tmp_path)
    with pytest.raises(lmac.DamagedError, match="not an lmac stream"):
        lmac.read(b"RIFF and so on, which is no stream at all")
    with pytest.raises(lmac.Error, match="not a known audio file"):
        lmac.encode_file(b"nothing of the kind" * 10, tmp_path / "a.lmac")
    with pytest.raises(TypeError, match="must be a path"):
        lmac.read(1.5)
    assert list(tmp_path.iterdir()) == []

    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        lmac.read(Broken())


def test_a_limit_of_memory_is_kept(stream):
    with pytest.raises(lmac.Error, match="more than the limit of 1000"):
        lmac.read(stream, memory=1000)
