"""Compares the audio that each host gives out: all of a stream, random parts of it, and all of it
again, for streams of every preset, format and number of channels.

    compare.py BUILD PLUGIN FOLDER PARTS

BUILD is the folder of the tool, of the C library and of the example `frames` of lmac-symphonia,
PLUGIN that of the plug-in for GStreamer. FOLDER is for the streams. PARTS is the number of parts.
"""

import ctypes
import hashlib
import math
import os
import random
import struct
import subprocess
import sys
import time
import urllib.request

BUILD, PLUGIN, FOLDER = (os.path.abspath(argument) for argument in sys.argv[1:4])
PARTS = int(sys.argv[4])
LMAC = os.path.join(BUILD, "lmac")

# Before GStreamer is loaded.
os.environ["GST_PLUGIN_PATH"] = PLUGIN
os.environ["GST_REGISTRY"] = os.path.join(FOLDER, "registry")

import gi  # noqa: E402

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

RATE = 8000
FRAMES = 1000
CHUNK_FRAMES = 100
PRESETS = ["store", "light", "fast", "standard", "max"]
# Each is a code and bits of a WAV format; 3 is float.
FORMATS = {"u8": (1, 8), "s16": (1, 16), "s24": (1, 24), "s32": (1, 32)}
FORMATS |= {"f32": (3, 32), "f64": (3, 64)}
CHANNELS = [1, 2, 6]
# Positions of six speakers, as most files have them.
MASKS = {1: 0x4, 2: 0x3, 6: 0x3F}


class Stream:
    """A stream and the WAV file that it came from."""

    def __init__(self, preset, form, channels):
        self.name = f"{preset}-{form}-{channels}"
        self.frame_bytes = FORMATS[form][1] // 8 * channels
        self.pcm = signal(self.name, form, channels)
        head = head_of(form, channels, len(self.pcm))
        self.head_bytes = len(head)
        self.path = os.path.join(FOLDER, "archive", self.name + ".lmac")
        encode = [LMAC, "encode", "-q", "-f", "--preset", preset]
        encode += ["--chunk-frames", str(CHUNK_FRAMES), "-", self.path]
        subprocess.run(encode, input=head + self.pcm, check=True)

    def part(self, first, frames):
        return self.pcm[first * self.frame_bytes : (first + frames) * self.frame_bytes]


def signal(name, form, channels):
    """Tones with noise, which differ in each channel."""
    chance = random.Random(name)
    code, bits = FORMATS[form]
    pcm = bytearray()
    for frame in range(FRAMES):
        for channel in range(channels):
            value = 0.6 * math.sin(frame * (channel + 3) * 0.05) + 0.01 * chance.uniform(-1, 1)
            if code == 3:
                pcm += struct.pack("<f" if bits == 32 else "<d", value)
                continue
            number = round(value * (1 << (bits - 1)))
            pcm += (number + 128 if bits == 8 else number).to_bytes(
                bits // 8, "little", signed=bits != 8
            )
    return bytes(pcm)


def head_of(form, channels, length):
    """The head of a WAV file."""
    code, bits = FORMATS[form]
    block = bits // 8 * channels
    guid = struct.pack("<H", code) + bytes.fromhex("000000001000800000aa00389b71")
    form = struct.pack("<HHIIHH", 0xFFFE, channels, RATE, RATE * block, block, bits)
    form += struct.pack("<HHI", 22, bits, MASKS[channels]) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", length)
    return b"RIFF" + struct.pack("<I", len(body) + length) + body


class Tool:
    """`lmac decode`, a process for each part."""

    def open(self, stream):
        self.stream = stream

    def read(self, first, frames):
        decode = [LMAC, "decode", "-q", self.stream.path, "-"]
        decode += ["--start", str(first), "--end", str(first + frames)]
        wav = subprocess.run(decode, capture_output=True, check=True).stdout
        return wav[wav.index(b"data") + 8 :][: frames * self.stream.frame_bytes]

    def close(self):
        pass


class C:
    """The C library, called as any program calls it."""

    def __init__(self):
        self.lib = ctypes.CDLL(os.path.join(BUILD, "liblmac_capi.so"))
        self.lib.lmac_decoder_read_bytes.restype = ctypes.c_int64
        self.lib.lmac_last_error_text.restype = ctypes.c_char_p

    def check(self, code):
        if code < 0:
            raise ValueError(self.lib.lmac_last_error_text().decode())
        return code

    def open(self, stream):
        self.handle = ctypes.c_void_p()
        path = os.fsencode(stream.path)
        self.check(self.lib.lmac_decoder_open_file(path, None, ctypes.byref(self.handle)))
        self.frame_bytes = stream.frame_bytes

    def read(self, first, frames):
        self.check(self.lib.lmac_decoder_seek(self.handle, ctypes.c_uint64(first)))
        found = b""
        size = frames * self.frame_bytes
        while len(found) < size:
            buffer = ctypes.create_string_buffer(size - len(found))
            room = ctypes.c_size_t(len(buffer))
            got = self.check(self.lib.lmac_decoder_read_bytes(self.handle, buffer, room))
            if got == 0:
                break
            found += buffer.raw[:got]
        return found

    def close(self):
        self.lib.lmac_decoder_close(self.handle)


class GStreamer:
    """A pipeline with `decodebin`, which finds the plug-in by itself."""

    def __init__(self):
        Gst.init(None)

    def open(self, stream):
        self.frame_bytes = stream.frame_bytes
        self.pipeline = Gst.parse_launch(
            "filesrc name=file ! decodebin ! appsink name=sink sync=false max-buffers=4"
        )
        self.pipeline.get_by_name("file").set_property("location", stream.path)
        self.sink = self.pipeline.get_by_name("sink")
        self.pipeline.set_state(Gst.State.PAUSED)
        self.settle()
        self.pipeline.set_state(Gst.State.PLAYING)

    def settle(self):
        state = self.pipeline.get_state(60 * Gst.SECOND)
        if state[0] not in (Gst.StateChangeReturn.SUCCESS, Gst.StateChangeReturn.ASYNC):
            raise ValueError("the pipeline does not play")

    def read(self, first, frames):
        flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
        if not self.pipeline.seek_simple(Gst.Format.TIME, flags, first * Gst.SECOND // RATE):
            raise ValueError("the pipeline does not seek")
        found = b""
        while len(found) < frames * self.frame_bytes:
            sample = self.sink.emit("try-pull-sample", 60 * Gst.SECOND)
            if sample is None:
                break
            buffer = sample.get_buffer()
            found += buffer.extract_dup(0, buffer.get_size())
        return found[: frames * self.frame_bytes]

    def close(self):
        self.pipeline.set_state(Gst.State.NULL)


class Symphonia:
    """The example `frames` of lmac-symphonia, a program over Symphonia's own interface, which
    prints digests."""

    digests = True

    def open(self, stream):
        program = os.path.join(BUILD, "examples", "frames")
        pipe = subprocess.PIPE
        self.program = subprocess.Popen([program, stream.path], stdin=pipe, stdout=pipe)

    def read(self, first, frames):
        self.program.stdin.write(f"{first} {frames}\n".encode())
        self.program.stdin.flush()
        return self.program.stdout.readline().decode().strip()

    def close(self):
        self.program.stdin.close()
        if self.program.wait() != 0:
            raise ValueError("the example failed")


class Serve:
    """`lmac serve`, asked for ranges of the WAV file."""

    def __init__(self):
        serve = [LMAC, "serve", "--port", "0", os.path.join(FOLDER, "archive")]
        self.program = subprocess.Popen(serve, stdout=subprocess.PIPE)
        self.address = self.program.stdout.readline().decode().split()[-1]

    def open(self, stream):
        self.stream = stream

    def read(self, first, frames):
        begin = self.stream.head_bytes + first * self.stream.frame_bytes
        end = begin + frames * self.stream.frame_bytes - 1
        address = f"{self.address}{self.stream.name}.wav"
        request = urllib.request.Request(address, headers={"Range": f"bytes={begin}-{end}"})
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def close(self):
        pass

    def stop(self):
        self.program.terminate()
        self.program.wait()


class Mount:
    """The files that `lmac mount` shows."""

    def __init__(self):
        self.folder = os.path.join(FOLDER, "mounted")
        os.mkdir(self.folder)
        mount = [LMAC, "mount", "-q", os.path.join(FOLDER, "archive"), self.folder]
        self.program = subprocess.Popen(mount)
        while not os.path.ismount(self.folder):
            if self.program.poll() is not None:
                raise ValueError("lmac mount failed")
            time.sleep(0.01)

    def open(self, stream):
        self.stream = stream
        self.file = open(os.path.join(self.folder, stream.name + ".wav"), "rb")

    def read(self, first, frames):
        self.file.seek(self.stream.head_bytes + first * self.stream.frame_bytes)
        return self.file.read(frames * self.stream.frame_bytes)

    def close(self):
        self.file.close()

    def stop(self):
        self.program.terminate()
        self.program.wait()


def parts(stream):
    """All of a stream, random parts, and all of it again."""
    chance = random.Random(stream.name)
    yield 0, FRAMES
    for _ in range(PARTS):
        first = chance.randrange(FRAMES)
        yield first, chance.randint(1, min(CHUNK_FRAMES * 2, FRAMES - first))
    yield 0, FRAMES


def main():
    os.mkdir(os.path.join(FOLDER, "archive"))
    streams = [
        Stream(preset, form, channels)
        for preset in PRESETS
        for form in FORMATS
        for channels in CHANNELS
    ]
    wrong = 0
    hosts = [Tool, C, GStreamer, Symphonia, Serve, Mount]
    if not os.access("/dev/fuse", os.W_OK):
        print("Mount: not compared, as /dev/fuse cannot be written")
        hosts.remove(Mount)
    for kind in hosts:
        begin = time.monotonic()
        host = kind()
        read = 0
        try:
            for stream in streams:
                host.open(stream)
                for first, frames in parts(stream):
                    read += 1
                    expected = stream.part(first, frames)
                    if hasattr(host, "digests"):
                        expected = hashlib.md5(expected).hexdigest()
                    if host.read(first, frames) != expected:
                        wrong += 1
                        print(f"{kind.__name__}: {stream.name}: {frames} frames at {first} differ")
                host.close()
        finally:
            if hasattr(host, "stop"):
                host.stop()
        seconds = time.monotonic() - begin
        print(f"{kind.__name__}: {len(streams)} streams, {read} reads, {seconds:.0f} s")
    return wrong != 0


sys.exit(main())
