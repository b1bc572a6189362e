"""W.A.L.T in PyTorch on a CPU, to measure walt against: the same models, written from docs/model.md for speed, eager and compiled.

    python3 -m venv venv && venv/bin/pip install -r benchmarks/pytorch/requirements.txt
    venv/bin/python benchmarks/pytorch/measure.py --check                       # against the golden files
    venv/bin/python benchmarks/pytorch/measure.py demo_like/training bf16 eager  # one row, by itself
    venv/bin/python benchmarks/pytorch/measure.py --profile demo_like/training bf16 eager

benchmarks/compare measures it and walt in turns. It starts this program with --serve, which reads "row type mode seconds" from stdin and
answers with the milliseconds of a run, the mean over that many seconds. torch.compile needs a C++ compiler.

bf16 is weights and activations in bf16, copied from float32 masters once a training step; norms and softmax compute in float32 inside.
autocast is torch.autocast over float32 weights: the same speed within 5 %, more often slower. A training step is loss and gradients, without the optimizer.
"""
import argparse
import contextlib
import json
import sys
import time

import torch

from denoiser import Config, Denoiser, levels
from tokenizer import Tokenizer

demo_like = Config(frames=5, height=8, width=8, hidden=256, heads=4, depth=8, adaln_rank=16, text_dim=64, text_tokens=8)
width_1024 = Config(depth=2)
demo = Config(frames=5, height=6, width=6, hidden=256, heads=4, depth=5, adaln_rank=16, text_dim=64, text_tokens=8, st_window=[6, 6])


def demo_tokenizer():
    return Tokenizer(16, [1, 2, 4, 4], 1, [1, 2, 2], 8, 4).to(memory_format=torch.channels_last_3d)


class Compute:
    """A network in a type: its weights for computing, and what surrounds a pass."""

    def __init__(self, network, kind):
        self.masters = [p.detach().clone() for p in network.parameters()] if kind == "bf16" else []
        self.network = network.to(torch.bfloat16) if kind == "bf16" else network
        self.type = torch.bfloat16 if kind == "bf16" else torch.float32
        self.scope = (lambda: torch.autocast("cpu", torch.bfloat16)) if kind == "autocast" else contextlib.nullcontext

    def step(self, loss):
        """Loss and gradients by a function that gives the loss."""
        parameters = list(self.network.parameters())
        if self.masters:
            with torch.no_grad():
                torch._foreach_copy_(parameters, self.masters)
        self.network.zero_grad()
        with self.scope():
            value = loss()
        value.backward()
        return float(value.detach())


def conditions(c, batch, kind):
    """Level, and text where the model has it, equal in all frames of a video."""
    given = {"step": torch.full((batch, 1), 500)}
    if c.text_dim:
        given |= {"text": torch.full((batch, 1, c.text_tokens, c.text_dim), 0.5, dtype=kind),
                  "text_valid": torch.ones(batch, 1, c.text_tokens, dtype=torch.bool)}
    return given


def denoiser_training(c, batch, kind, compiled):
    compute = Compute(Denoiser(c), kind)
    x0 = torch.randn(batch, c.frames, c.height, c.width, c.channels)
    given, gamma = conditions(c, batch, compute.type), levels().float()

    def loss():
        given["step"] = torch.randint(1000, (batch, 1))
        g = gamma[given["step"]].view(batch, 1, 1, 1, 1)
        eps = torch.randn_like(x0)
        z, v = g.sqrt() * x0 + (1 - g).sqrt() * eps, g.sqrt() * eps - (1 - g).sqrt() * x0
        return torch.nn.functional.mse_loss(compute.network(z.to(compute.type), **given).float(), v)

    if compiled:
        loss = torch.compile(loss)
    return lambda: compute.step(loss)


def denoiser_sampling(c, batch, kind, compiled):
    compute = Compute(Denoiser(c).eval(), kind)
    z = torch.randn(batch, c.frames, c.height, c.width, c.channels).to(compute.type)
    given = conditions(c, batch, compute.type)
    network = torch.compile(compute.network) if compiled else compute.network

    def run():
        with torch.no_grad(), compute.scope():
            return network(z, z0_prev=z, **given)

    return run


def tokenizer_training(batch, kind, compiled):
    """walt::reconstruction: squares, a tenth of the absolute difference, a pull on the latents, and noise on them."""
    compute = Compute(demo_tokenizer(), kind)
    x = 2 * torch.rand(batch, 17, 48, 48, 3) - 1

    def loss():
        z = compute.network.encode(x.to(compute.type))
        difference = compute.network.decode(z + 0.1 * torch.randn_like(z)).float() - x
        return difference.square().mean() + 0.1 * difference.abs().mean() + 1e-3 * z.float().square().mean()

    if compiled:
        loss = torch.compile(loss)
    return lambda: compute.step(loss)


def tokenizer_decoding(batch, kind, compiled):
    compute = Compute(demo_tokenizer().eval(), kind)
    z = torch.randn(batch, 5, 6, 6, 8).to(compute.type)
    decode = torch.compile(compute.network.decode) if compiled else compute.network.decode

    def run():
        with torch.no_grad(), compute.scope():
            return decode(z).float()

    return run


def clip(kind, compiled):
    """50 DDIM steps, guidance 3, both halves in one batch; then the pixels."""
    model, decoder = Compute(Denoiser(demo).eval(), kind), Compute(demo_tokenizer().eval(), kind)
    network = torch.compile(model.network) if compiled else model.network
    decode = torch.compile(decoder.network.decode) if compiled else decoder.network.decode
    steps = [round((50 - k) * 1000 / 50) - 1 for k in range(50)]
    gamma = [float(levels()[step]) for step in steps] + [1.0]
    told = conditions(demo, 2, model.type)
    told["text_valid"][1] = False

    def run():
        with torch.no_grad(), model.scope():
            x, x0 = torch.randn(1, 5, 6, 6, 8), torch.zeros(1, 5, 6, 6, 8)
            for k, step in enumerate(steps):
                told["step"] = torch.full((2, 1), step)
                told_v, untold_v = network(x.to(model.type).expand(2, -1, -1, -1, -1), z0_prev=x0.to(model.type).expand(2, -1, -1, -1, -1),
                                        **told).float().split(1)
                v = untold_v + 3 * (told_v - untold_v)
                a, s = gamma[k] ** 0.5, (1 - gamma[k]) ** 0.5
                x0 = a * x - s * v
                x = gamma[k + 1] ** 0.5 * x0 + (1 - gamma[k + 1]) ** 0.5 * (s * x + a * v)
            return decode(x.to(model.type)).float()

    return run


rows = {
    "demo_like/training": lambda *how: denoiser_training(demo_like, 32, *how),
    "demo_like/sampling": lambda *how: denoiser_sampling(demo_like, 8, *how),
    "width_1024/training": lambda *how: denoiser_training(width_1024, 2, *how),
    "width_1024/sampling": lambda *how: denoiser_sampling(width_1024, 2, *how),
    "demo_tokenizer/training": lambda *how: tokenizer_training(3, *how),
    "demo_tokenizer/decoding": lambda *how: tokenizer_decoding(4, *how),
    "demo/clip": clip,
}


def made(row, kind, mode):
    torch.manual_seed(1)
    return rows[row](kind, mode == "compiled")


def milliseconds(run, seconds):
    """The mean over so many seconds, two runs at least."""
    begun, count = time.perf_counter(), 0
    while count < 2 or time.perf_counter() - begun < seconds:
        run()
        count += 1
    return 1e3 * (time.perf_counter() - begun) / count


def peak():
    """Bytes: the most that was resident in this process."""
    return next(1024 * int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))


def serve():
    ready = {}
    for line in sys.stdin:
        row, kind, mode, seconds = line.split()
        if (row, kind, mode) not in ready:
            ready = {key: run for key, run in ready.items() if key[0] == row}  # a row is finished before the next begins
            run = ready[row, kind, mode] = made(row, kind, mode)
            for _ in range(3):
                run()
        print(json.dumps(milliseconds(ready[row, kind, mode], float(seconds))), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", nargs="*", help="row, type (float32, bf16, autocast), mode (eager, compiled)")
    for flag in ("check", "serve", "profile", "memory"):
        options.add_argument("--" + flag, action="store_true")
    given = options.parse_args()
    if given.check:
        import golden
        sys.exit(0 if golden.check() else "a difference beyond the tolerance")
    if given.serve:
        return serve()
    before = peak()
    run = made(*given.what)
    run()
    if given.memory:  # of one step in a fresh process, and of this process before it had a model
        print(json.dumps({"peak": peak(), "before": before}))
    elif given.profile:
        run()
        with torch.profiler.profile() as seen:
            for _ in range(3):
                run()
        print(seen.key_averages().table(sort_by="self_cpu_time_total", row_limit=25, max_name_column_width=60))
    else:
        run()
        for _ in range(3):
            print(f"{milliseconds(run, 1):.2f} ms")


if __name__ == "__main__":
    main()
