"""Reads the tensors of PyTorch's files of weights (.pth, .pt), and writes safetensors, without PyTorch.

A .pth is a zip with a pickle and raw numbers, or (before PyTorch 1.6) some pickles and raw numbers one behind the other; a
TorchScript archive is such a zip with programs beside it, which are not looked at. A pickle is a program; the reader here
refuses every name in it but those that tensors, and TorchScript's modules, are made of.
"""
import collections
import json
import math
import pickle
import re
import struct
import zipfile

TYPES = {"FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16", "LongStorage": "I64",
         "IntStorage": "I32", "ByteStorage": "U8", "BoolStorage": "BOOL"}
SIZES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "U8": 1, "BOOL": 1}
MAGIC = 0x1950A86A20F9469CFC6C

# A tensor: its type, shape, and numbers as bytes, row-major.
Tensor = collections.namedtuple("Tensor", "type shape data")
Storage = collections.namedtuple("Storage", "type key count")
Lazy = collections.namedtuple("Lazy", "storage offset shape stride")


def rebuild_tensor(storage, offset, shape, stride, *_):
    return Lazy(storage, offset, tuple(shape), tuple(stride))


def rebuild_parameter(tensor, *_):
    return tensor


class Module:
    """A TorchScript module: its attributes, and none of its code."""

    def __setstate__(self, state):
        self.attributes = state


class Unpickler(pickle.Unpickler):
    """Knows ordered dictionaries, tensors, parameters and TorchScript's modules; everything else is refused."""

    def find_class(self, module, name):
        known = {("collections", "OrderedDict"): collections.OrderedDict, ("torch", "Size"): tuple,
                 ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor, ("torch._utils", "_rebuild_parameter"): rebuild_parameter}
        if (module, name) in known:
            return known[module, name]
        if module == "torch" and name in TYPES:
            return TYPES[name]
        if module.split(".")[0] == "__torch__":
            return Module
        if module == "torch.jit._pickle":
            return lambda value, *_: value
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a tensor: this file holds more than weights and is not read")

    def persistent_load(self, what):
        if what[0] != "storage":
            raise pickle.UnpicklingError(f"a reference to {what[0]!r} where tensors have storages")
        self.types[str(what[2])] = what[1]
        return Storage(what[1], str(what[2]), what[4])

    types = None  # of each storage that a tensor refers to


def load(file):
    """What the next pickle of a file holds, and the types of the storages that it refers to."""
    unpickler = Unpickler(file)
    unpickler.types = {}
    return unpickler.load(), unpickler.types


def bytes_of(tensor, raw):
    """The tensor's bytes of its storage's, row-major."""
    size, count = SIZES[tensor.storage.type], math.prod(tensor.shape)
    expected, row_major = 1, True
    for extent, stride in zip(reversed(tensor.shape), reversed(tensor.stride)):
        row_major &= extent == 1 or stride == expected
        expected *= extent
    last = tensor.offset + sum((extent - 1) * stride for extent, stride in zip(tensor.shape, tensor.stride)) + 1
    if count > 0 and (tensor.offset < 0 or min(tensor.stride, default=0) < 0 or last * size > len(raw)):
        raise ValueError(f"a tensor of {last * size} bytes has {len(raw)} in the file")
    if row_major:
        data = raw[tensor.offset * size:(tensor.offset + count) * size]
    else:
        data = gathered(raw.cast({1: "B", 2: "H", 4: "I", 8: "Q"}[size]), tensor.offset, tensor.shape, tensor.stride)
    return Tensor(tensor.storage.type, tensor.shape, bytes(data))


def gathered(numbers, offset, shape, stride):
    if len(shape) == 1:
        return numbers[offset:offset + (shape[0] - 1) * stride[0] + 1:stride[0]].tobytes()
    return b"".join(gathered(numbers, offset + i * stride[0], shape[1:], stride[1:]) for i in range(shape[0]))


def named_tensors(found, prefix=""):
    """Pairs of a name and a tensor, of what may lie in dictionaries and modules."""
    if isinstance(found, Module):
        found = found.attributes
    for name, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, Lazy):
            yield f"{prefix}{name}", value
        else:
            yield from named_tensors(value, f"{prefix}{name}.")


def tensors_of(found, raw_of):
    if isinstance(found, dict) and "state_dict" in found:
        found = found["state_dict"]
    if not isinstance(found, (dict, Module)):
        raise ValueError(f"the file holds a {type(found).__name__}, not a dictionary of weights")
    return {name: bytes_of(value, raw_of(value.storage)) for name, value in named_tensors(found)}


def read(path):
    """{name: Tensor} of a file of weights."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            program = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            folder = program[:-len("data.pkl")]
            order = folder + "byteorder"
            if order in archive.namelist() and archive.read(order) != b"little":
                raise ValueError(f"{path} has numbers of another byte order")
            with archive.open(program) as file:
                found, _ = load(file)
            return tensors_of(found, lambda storage: memoryview(archive.read(f"{folder}data/{storage.key}")))
    with open(path, "rb") as file:
        if load(file)[0] != MAGIC:
            raise ValueError(f"{path} does not begin as PyTorch's files do")
        load(file)  # the protocol's version
        if not load(file)[0]["little_endian"]:
            raise ValueError(f"{path} has numbers of another byte order")
        found, types = load(file)
        keys = [str(key) for key in load(file)[0]]
        raw = {}
        for key in keys:
            count, = struct.unpack("<q", file.read(8))
            raw[key] = memoryview(file.read(count * SIZES[types[key]]))
        return tensors_of(found, lambda storage: raw[storage.key])


def features(tensors, convolutions):
    """A network's convolutions in their order as features.s.j.weight and bias, so many of them in each stage."""
    numbers = lambda name: [int(part) for part in re.findall(r"\d+", name)]
    names = sorted((name[:-len("weight")] for name, tensor in tensors.items() if name.endswith("weight") and len(tensor.shape) == 4
                    and not name.startswith("lin")), key=numbers)
    if len(names) != sum(convolutions):
        raise ValueError(f"a network with {sum(convolutions)} convolutions is wanted; the file has {len(names)}")
    places = [(s, j) for s, count in enumerate(convolutions) for j in range(count)]
    return {f"features.{s}.{j}.{kind}": tensors[name + kind] for (s, j), name in zip(places, names) for kind in ("weight", "bias")}


def heads(tensors, taps):
    """LPIPS's linear layers, linI.model.1.weight [1, C, 1, 1], as lin.I.weight [C]."""
    found = {}
    for i in range(taps):
        tensor = tensors[f"lin{i}.model.1.weight"]
        found[f"lin.{i}.weight"] = Tensor(tensor.type, (math.prod(tensor.shape),), tensor.data)
    return found


def write_safetensors(path, tensors, metadata):
    """tensors: {name: Tensor}; metadata: texts."""
    header, at = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": tensor.type, "shape": list(tensor.shape), "data_offsets": [at, at + len(tensor.data)]}
        at += len(tensor.data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.data)
