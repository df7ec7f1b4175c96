"""Language models on disk: Hugging Face's folders, and .npz files of byte transformers.

A model is its shape, its vocabulary and its tensors, by the names of language.md. Vectors
need no more than this file reads: weights in one file, not compressed, and tokens of
merges in `tokenizer.json`.
"""

import ast
import functools
import hashlib
import json
import math
import os
import re
import struct
import types
import zipfile

from arithmetic import power, single, singles
from conventions import Missing, Unfit
from transformer import ByteTransformer, Llama

DOMAIN = b"lmac language model 1\n"
NO_BYTES = 2**64 - 1
BEGINNINGS = ["<s>", "<|begin_of_text|>", "<|endoftext|>"]
LLAMA = {"attention_norm": "input_layernorm", "query": "self_attn.q_proj",
         "key": "self_attn.k_proj", "value": "self_attn.v_proj",
         "output": "self_attn.o_proj", "feed_norm": "post_attention_layernorm",
         "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
         "embedding": "model.embed_tokens", "norm": "model.norm", "head": "lm_head"}
ATTENTION = ["query", "key", "value", "output"]


def need(condition, message):
    if not condition:
        raise Unfit(message)


class Model:
    def __init__(self, architecture, shape, vocabulary, tensor):
        """`tensor` gives the rows of a tensor by its canonical name."""
        self.architecture, self.shape, self.vocabulary = architecture, shape, vocabulary
        self.tensors = {}
        for name, (rows, columns) in expected(architecture, shape):
            values = tensor(name)
            need(len(values) == rows and all(len(row) == columns for row in values),
                 "%s has another shape" % name)
            need(all(map(math.isfinite, sum(values, []))), "%s is not finite" % name)
            self.tensors[name] = values

    def transformer(self, precision):
        return self.architecture(self.shape, self.tensors, precision)

    def hash(self):
        shape, vocabulary = self.shape, self.vocabulary
        numbers = [shape.vocabulary, shape.width, shape.layers, shape.heads]
        if self.architecture is Llama:
            numbers += [shape.key_heads, shape.head_width, shape.feed_forward, shape.tied]
            factors = shape.rope_factors
            rest = (struct.pack("<fdQ", shape.epsilon, shape.rope_base, len(factors))
                    + floats(factors))
        else:
            numbers += [shape.feed_forward]
            rest = b""
        kind = [Llama, ByteTransformer].index(self.architecture)
        sha256 = hashlib.sha256(DOMAIN + bytes((kind,)) + longs(numbers) + rest)
        sha256.update(longs([len(vocabulary.tokens)]))
        for spelled in vocabulary.tokens:
            sha256.update(longs([NO_BYTES if spelled is None else len(spelled)]))
            sha256.update(spelled or b"")
        sha256.update(struct.pack("<129I", *vocabulary.characters, vocabulary.beginning))
        for name, rows in self.tensors.items():
            sha256.update(longs([len(name)]) + name.encode())
            for row in rows:
                sha256.update(floats(row))
        return sha256.digest()


def longs(values):
    return struct.pack("<%dQ" % len(values), *values)


def floats(values):
    return struct.pack("<%df" % len(values), *values)


def expected(architecture, shape):
    """The names of all tensors in their order, with rows and columns."""
    width, inner = shape.width, shape.feed_forward
    yield "embedding", (shape.vocabulary, width)
    for layer in range(shape.layers):
        if architecture is Llama:
            queries, keys = (heads * shape.head_width
                             for heads in (shape.heads, shape.key_heads))
            parts = [("attention_norm", (1, width)), ("query", (queries, width)),
                     ("key", (keys, width)), ("value", (keys, width)),
                     ("output", (width, queries)), ("feed_norm", (1, width)),
                     ("gate", (inner, width)), ("up", (inner, width)),
                     ("down", (width, inner))]
        else:
            parts = [(name, (width, width)) for name in ATTENTION]
            parts += [("attention_norm.scale", (1, width)),
                      ("attention_norm.offset", (1, width)), ("up", (inner, width)),
                      ("up.bias", (1, inner)), ("down", (width, inner)),
                      ("down.bias", (1, width)), ("feed_norm.scale", (1, width)),
                      ("feed_norm.offset", (1, width))]
        for name, size in parts:
            yield "layers.%d.%s" % (layer, name), size
    if architecture is Llama:
        yield "norm", (1, width)
    if not shape.tied:
        yield "head", (shape.vocabulary, width)
    if architecture is ByteTransformer:
        yield "head.bias", (1, shape.vocabulary)


def vocabulary(tokens, characters, beginning, cuts):
    """Bytes of each token or None, the tokens of characters, the first one, and whether
    there is a tokenizer."""
    need(None not in characters, "no token spells one of the characters alone")
    need(beginning < len(tokens), "the beginning is no token")
    return types.SimpleNamespace(tokens=tokens, characters=characters, beginning=beginning,
                                 cuts=cuts)


# Hugging Face's folders


def huggingface(folder):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    need(config["model_type"] == "llama", "the model is no Llama")
    heads = config["num_attention_heads"]
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    shape = types.SimpleNamespace(
        vocabulary=config["vocab_size"], width=config["hidden_size"],
        layers=config["num_hidden_layers"], heads=heads,
        key_heads=config.get("num_key_value_heads") or heads,
        head_width=config.get("head_dim") or config["hidden_size"] // heads,
        feed_forward=config["intermediate_size"],
        tied=config.get("tie_word_embeddings", False),
        epsilon=single(config.get("rms_norm_eps", 1e-6)),
        rope_base=float(rope.get("rope_theta") or config.get("rope_theta", 10000.0)),
        positions=config.get("max_position_embeddings", 2048))
    shape.rope_factors = rope_factors(rope, shape.rope_base, shape.head_width)

    tensors = safetensors(os.path.join(folder, "model.safetensors"))

    def tensor(name):
        layer, part = re.fullmatch(r"(layers\.\d+\.)?(.*)", name).groups()
        prefix = "model." + layer if layer else ""
        return tensors["%s%s.weight" % (prefix, LLAMA[part])]

    return Model(Llama, shape, tokenizer(folder, shape.vocabulary, config), tensor)


def rope_factors(rope, base, head_width):
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "default":
        return []
    need(kind in ("linear", "llama3"), "the rotary scaling is %s" % kind)
    factor = float(rope["factor"])
    if kind == "linear":
        return singles([factor] * (head_width // 2))
    low, high = float(rope["low_freq_factor"]), float(rope["high_freq_factor"])
    factors = []
    for i in range(head_width // 2):
        original = float(rope["original_max_position_embeddings"])
        turns = original / (2.0 * math.pi * power(base, 2 * i / head_width))
        smooth = (turns - low) / (high - low)
        factors.append(1.0 if turns > high else factor if turns < low
                       else 1.0 / ((1.0 - smooth) / factor + smooth))
    return singles(factors)


def safetensors(path):
    """The rows of each tensor."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = unpacked(entry["dtype"], data[start + begin:start + end])
            tensors[name] = rows(values, entry["shape"])
    return tensors


def unpacked(dtype, data):
    if dtype == "BF16":
        data = b"".join(b"\0\0" + data[at:at + 2] for at in range(0, len(data), 2))
    code, size = {"F32": ("f", 4), "BF16": ("f", 4), "F16": ("e", 2)}[dtype]
    return list(struct.unpack("<%d%s" % (len(data) // size, code), data))


def rows(values, shape):
    """A vector is one row."""
    columns = shape[-1]
    return [values[at:at + columns] for at in range(0, len(values), columns)]


# Tokens


def tokenizer(folder, size, config):
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
        settings = json.load(file)
    model = settings["model"]
    added = settings.get("added_tokens") or []
    in_letters = has_byte_level(settings)
    numbers = dict(model["vocab"])
    spelled, named = {}, set()          # bytes by number, and numbers of <0x41>
    for text, number in model["vocab"].items():
        match = re.fullmatch("<0x([0-9A-F]{2})>", text)
        if text == model.get("unk_token"):
            continue
        if match and model.get("byte_fallback"):
            spelled[number] = bytes.fromhex(match[1])
            named.add(number)
        else:
            spelled[number] = piece(text, in_letters)
    for token in added:
        number, text = token["id"], token["content"]
        numbers[text] = number
        spelled[number] = None if token.get("special") else \
            text.encode() if in_letters else piece(text, False)
        named.discard(number)

    tokens = [spelled.get(number) or None for number in range(size)]
    # A piece comes before a named byte, then a lower number before a higher one.
    characters = [None] * 128
    for number in sorted(range(size), key=lambda number: (number in named, number)):
        if tokens[number] and len(tokens[number]) == 1 and tokens[number][0] < 128:
            character = tokens[number][0]
            if characters[character] is None:
                characters[character] = number
    beginning = config.get("bos_token_id")
    if beginning is None:
        beginning = next(numbers[name] for name in BEGINNINGS if name in numbers)
    return vocabulary(tokens, characters, beginning, True)


def has_byte_level(settings):
    def within(step):
        step = step or {}
        parts = (step.get("normalizers") or []) + (step.get("pretokenizers") or [])
        return step.get("type") == "ByteLevel" or any(map(within, parts))
    return any(within(settings.get(part)) for part in ("normalizer", "pre_tokenizer", "decoder"))


def letters():
    """The byte of each letter of byte-level vocabularies."""
    printed = [byte for byte in range(256)
               if 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xFF and byte != 0xAD]
    others = [byte for byte in range(256) if byte not in printed]
    return {**{chr(byte): byte for byte in printed},
            **{chr(256 + at): byte for at, byte in enumerate(others)}}


LETTERS = letters()


def piece(text, in_letters):
    if not in_letters:
        return text.replace("\u2581", " ").encode()
    return bytes(LETTERS[letter] for letter in text) if set(text) <= LETTERS.keys() else None


# The .npz of byte transformers


def npz(path):
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            arrays[member[:-len(".npy")]] = npy(archive.read(member))
    embedding = arrays["embed/embeddings"]
    layers = sum(1 for name in arrays
                 if re.fullmatch(r"multi_head_dot_product_attention(_\d+)?/linear/w", name))
    heads, beside = 8, os.path.splitext(path)[0] + ".json"
    if os.path.exists(beside):
        with open(beside, encoding="utf-8") as file:
            heads = json.load(file)["num_heads"]
    width = len(embedding[0])
    need(width % heads == 0, "%d values for %d heads" % (width, heads))
    shape = types.SimpleNamespace(
        vocabulary=len(embedding), width=width, layers=layers, heads=heads, key_heads=heads,
        head_width=width // heads, feed_forward=len(arrays["linear/w"][0]), tied=False,
        positions=2**17)
    tokens = [bytes((number,)) if number < 256 else None for number in range(len(embedding))]
    return Model(ByteTransformer, shape, vocabulary(tokens, list(range(128)), 0, False),
                 functools.partial(haiku, arrays, layers))


def npy(data):
    need(data[:8] == b"\x93NUMPY\x01\x00", "an array of another version")
    start = 10 + int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:start].decode())
    need(not header["fortran_order"], "an array by columns")
    dtype = {"<f4": "F32", "<f2": "F16"}[header["descr"]]
    return rows(unpacked(dtype, data[start:]), header["shape"])


def haiku(arrays, layers, name):
    """Haiku counts modules of a kind through the model; its matrices have a row for each
    input."""
    def counted(module, number):
        return "%s_%d" % (module, number) if number else module

    if name == "embedding":
        return arrays["embed/embeddings"]
    if name.startswith("head"):
        module, leaf = counted("linear", 2 * layers), "b" if name == "head.bias" else "w"
    else:
        layer, part = re.fullmatch(r"layers\.(\d+)\.(.*)", name).groups()
        part, _, leaf = part.partition(".")
        number = 2 * int(layer) + (part in ("down", "feed_norm"))
        if part in ATTENTION:
            module = "%s/%s" % (counted("multi_head_dot_product_attention", int(layer)),
                                counted("linear", ATTENTION.index(part)))
        else:
            module = counted("layer_norm" if part.endswith("norm") else "linear", number)
        leaf = {"": "w", "bias": "b"}.get(leaf, leaf)
    array = arrays["%s/%s" % (module, leaf)]
    return list(map(list, zip(*array))) if leaf == "w" else array


# Finding


class Models:
    """The models in folders and below them, by their hashes."""

    def __init__(self, folders):
        self.paths = [path for folder in folders for path in candidates(folder)]
        self.known = {}

    def find(self, wanted):
        while wanted not in self.known and self.paths:
            path = self.paths.pop(0)
            try:
                model = npz(path) if path.endswith(".npz") else huggingface(path)
            except (OSError, ValueError, KeyError, StopIteration, Unfit):
                continue        # not a model that this file reads
            self.known.setdefault(model.hash(), model)
        if wanted not in self.known:
            raise Missing("the language model %s" % wanted.hex())
        return self.known[wanted]


def candidates(folder):
    for path, folders, files in os.walk(folder):
        folders.sort()
        if "config.json" in files:
            yield path
        yield from (os.path.join(path, name) for name in sorted(files) if name.endswith(".npz"))
