"""Other libraries with streams in them."""

import io
import tarfile

import numcodecs
import numpy
import pytest
import webdataset
import zarr
from conftest import FORMATS, samples

import lmac
import lmac.webdataset


def test_webdataset_decodes_entries(tmp_path):
    audio = samples("int16", (4000, 2))
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        entries = [("one.lmac", lmac.encode(audio, 8000)), ("one.txt", b"a text")]
        for name, data in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    shards = webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False)
    (sample,) = shards.decode(lmac.webdataset.decoder(dtype=None))
    found, rate = sample["lmac"]
    assert rate == 8000 and numpy.array_equal(found, audio)
    assert sample["txt"] == "a text"


def test_numcodecs_finds_the_codec_by_its_name():
    codec = numcodecs.get_codec({"id": "lmac", "preset": "light"})
    audio = samples("int16", (4000, 3))
    stream = codec.encode(audio)
    assert len(stream) < audio.nbytes
    assert numpy.array_equal(codec.decode(stream), audio.reshape(-1))
    out = numpy.empty_like(audio)
    codec.decode(stream, out)
    assert numpy.array_equal(out, audio)


@pytest.mark.parametrize("dtype", sorted({kind for kind, _ in FORMATS.values()}))
def test_zarr_stores_arrays(tmp_path, dtype):
    audio = samples(dtype, (5000, 7))
    array = zarr.create_array(
        tmp_path / "a.zarr",
        shape=audio.shape,
        chunks=(1500, 7),
        dtype=audio.dtype,
        zarr_format=2,
        compressors=numcodecs.get_codec({"id": "lmac"}),
    )
    array[:] = audio
    assert numpy.array_equal(zarr.open_array(tmp_path / "a.zarr", mode="r")[:], audio)
    assert numpy.array_equal(array[2900:3100, 2], audio[2900:3100, 2])
