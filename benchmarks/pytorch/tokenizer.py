"""The causal 3-D tokenizer of docs/model.md 3 in PyTorch, written for speed on CPUs; parameters have the names and shapes of a checkpoint.

Videos are [B, F, H, W, C] all the way: a convolution sees them as channels_last_3d and a group norm of a frame as channels_last, without a copy.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn


class Conv(nn.Module):
    """Causal 3 x 3 x 3, or 1 x 1 x 1."""

    def __init__(self, i, o, bias=False, stride=(1, 1, 1), side=3):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i, side, side, side) / math.sqrt(side**3 * i))
        self.bias = nn.Parameter(torch.zeros(o)) if bias else None
        self.stride, self.pad = stride, side - 1

    def forward(self, x):
        if self.pad == 0:
            return F.linear(x, self.weight.flatten(1), self.bias)
        x, weight = x.permute(0, 4, 1, 2, 3), self.weight
        if x.shape[2] == 1:  # the past is zeros
            y = F.conv2d(x[:, :, 0], weight[:, :, -1], self.bias, self.stride[1:], 1)[:, :, None]
        else:
            y = F.conv3d(F.pad(x, (0, 0, 0, 0, self.pad, 0)), weight, self.bias, self.stride, (0, 1, 1))
        return y.permute(0, 2, 3, 4, 1)


class GroupNorm(nn.Module):
    """Of each frame."""

    def __init__(self, channels, groups, affine=True):
        super().__init__()
        self.groups = math.gcd(channels, groups)
        self.weight, self.bias = (nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))) if affine else (None, None)

    def forward(self, x):
        frames = x.flatten(0, 1).permute(0, 3, 1, 2)
        return F.group_norm(frames, self.groups, self.weight, self.bias, 1e-6).permute(0, 2, 3, 1).view(x.shape)


class Res(nn.Module):
    def __init__(self, i, o, groups):
        super().__init__()
        self.norm1, self.conv1, self.norm2, self.conv2 = GroupNorm(i, groups), Conv(i, o), GroupNorm(o, groups), Conv(o, o)
        self.skip = Conv(i, o, side=1) if i != o else nn.Identity()

    def forward(self, x):
        y = self.conv1(F.silu(self.norm1(x)))
        return self.conv2(F.silu(self.norm2(y))) + self.skip(x)


class AdaNorm(nn.Module):
    def __init__(self, channels, latent, groups, time):
        super().__init__()
        self.norm, self.time = GroupNorm(channels, groups, affine=False), time
        self.scale, self.shift = nn.Linear(latent, channels), nn.Linear(latent, channels)

    def forward(self, x, mean, std):
        frame = (torch.arange(x.shape[1]) + self.time - 1) // self.time
        scale, shift = (of[:, frame][:, :, None, None] for of in (self.scale(std), self.shift(mean)))
        return torch.addcmul(shift, self.norm(x), scale)


def blocks(i, o, count, groups):
    return nn.ModuleList(Res(i if j == 0 else o, o, groups) for j in range(count))


class Level(nn.Module):
    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


class Tokenizer(nn.Module):
    def __init__(self, channels, multipliers, blocks: int, time_strides, latent, norm_groups, in_channels=3):
        super().__init__()
        width, groups = [channels * m for m in multipliers], norm_groups
        self.strides, top = [(s, 2, 2) for s in time_strides], len(width) - 1
        many = globals()["blocks"]
        self.encoder = Level(stem=Conv(in_channels, channels), norm=GroupNorm(width[-1], groups), out=Conv(width[-1], latent, True, side=1),
                             mid=Level(blocks=many(width[-1], width[-1], blocks, groups)),
                             levels=nn.ModuleList(Level(blocks=many(width[max(l - 1, 0)], w, blocks, groups)) for l, w in enumerate(width)))
        self.decoder = Level(stem=Conv(latent, width[-1], True), norm=GroupNorm(channels, groups), out=Conv(channels, in_channels, True),
                             mid=Level(blocks=many(width[-1], width[-1], blocks, groups)),
                             levels=nn.ModuleList(Level(blocks=many(width[min(l + 1, top)], w, blocks, groups)) for l, w in enumerate(width)))
        for l in range(top + 1):
            self.decoder.levels[l].adanorm = AdaNorm(width[min(l + 1, top)], latent, groups, math.prod(time_strides[l:]))
            if l < top:
                self.encoder.levels[l].down = Conv(width[l], width[l], True, self.strides[l])
                self.decoder.levels[l + 1].up = Conv(width[l + 1], width[l + 1] * 4 * time_strides[l], True)

    def encode(self, x):
        e = self.encoder
        x = e.stem(x)
        for level in e.levels:
            for block in level.blocks:
                x = block(x)
            if hasattr(level, "down"):
                x = level.down(x)
        for block in e.mid.blocks:
            x = block(x)
        return e.out(F.silu(e.norm(x)))

    def decode(self, z):
        d = self.decoder
        variance, mean = torch.var_mean(z.float() if z.dtype == torch.bfloat16 else z, (2, 3), correction=0)
        mean, std = mean.to(z.dtype), (variance + 1e-6).sqrt().to(z.dtype)
        x = d.stem(z)
        for block in d.mid.blocks:
            x = block(x)
        for l in reversed(range(len(d.levels))):
            level = d.levels[l]
            x = level.adanorm(x, mean, std)
            for block in level.blocks:
                x = block(x)
            if l > 0:
                st = self.strides[l - 1][0]
                x = level.up(x)
                b, f, h, w, c = x.shape
                x = x.view(b, f, h, w, st, 2, 2, -1).permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(b, f * st, 2 * h, 2 * w, -1)[:, st - 1:]
        return d.out(F.silu(d.norm(x)))
