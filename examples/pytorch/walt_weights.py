"""walt's weights in PyTorch, and back: docs/weights.md.

    model = load("examples/weights/denoiser.safetensors")   # a torch.nn.Module by the file's config, in float32
    save("mine.safetensors", model)                          # what walt::load_weights reads

The modules are those of benchmarks/pytorch. Needs torch and numpy, no library for safetensors.
"""
import inspect
import json
import os
import pathlib
import struct
import sys

import numpy
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks/pytorch"))
from denoiser import Config, Denoiser  # noqa: E402
from tokenizer import Tokenizer  # noqa: E402

dtypes = {"F32": torch.float32, "F64": torch.float64, "BF16": torch.bfloat16, "F16": torch.float16, "U8": torch.uint8, "I32": torch.int32,
          "I64": torch.int64}


def read(path):
    """A file's tensors, and its metadata."""
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        bytes = numpy.frombuffer(data, numpy.uint8, end - begin, 8 + length + begin)
        tensors[name] = torch.from_numpy(bytes.copy()).view(dtypes[entry["dtype"]]).view(entry["shape"])
    return tensors, metadata


def load(path):
    """The denoiser or tokenizer of a file, with its weights in float32. Its metadata is model.metadata.

    A ValueError where the file is neither, or its config has what the modules of benchmarks/pytorch do not know."""
    tensors, metadata = read(path)
    if "walt.config" not in metadata:
        raise ValueError(f"{path} is neither a denoiser nor a tokenizer of walt's: it has no walt.config")
    config = json.loads(metadata["walt.config"])
    known = Config() if "patch" in config else inspect.signature(Tokenizer).parameters
    others = ", ".join(f"{key} = {json.dumps(value)}" for key, value in config.items() if key not in known)
    if others:
        raise ValueError(f"{path}: its config has {others}, which the modules of benchmarks/pytorch do not have")
    model = Denoiser(Config(**config)) if "patch" in config else Tokenizer(**config)
    tensors = {name: values.float() for name, values in tensors.items()}
    # What walt keeps beside the network's own parameters: how latents are normalised.
    model.latent = {name: tensors.pop(f"latent.{name}") for name in ("mean", "std") if f"latent.{name}" in tensors}
    model.load_state_dict(tensors)
    model.metadata = metadata
    return model.eval()


def save(path, model, metadata=None):
    """Writes a model that load() gave, or one of the same modules with its own metadata ("walt.config" is needed), as F32.

    The model may lie on a GPU. A file that is there already is replaced once the new one is written."""
    tensors = dict(model.named_parameters()) | {f"latent.{name}": values for name, values in model.latent.items()}
    header, parts, at = {"__metadata__": metadata or model.metadata}, [], 0
    for name, values in tensors.items():
        parts.append(values.detach().cpu().float().contiguous().numpy().tobytes())
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + len(parts[-1])]}
        at += len(parts[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    beside = pathlib.Path(f"{path}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, os.path.realpath(path))  # of a link, what it leads to
    finally:
        beside.unlink(missing_ok=True)
