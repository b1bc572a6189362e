"""The denoiser of docs/model.md 1 in PyTorch, written for speed on CPUs; parameters have the names and shapes of a checkpoint.

What makes it fast: windows and heads are cut out of qkv by one permutation; what is equal in all frames of a video (level, label, text) comes
with a frame axis of 1 and is computed once; without gradients attention is PyTorch's fused one. With gradients it is written out, since the
fused one gives none to its mask, which is the relative bias here.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn


class Config(dict):
    """A config as walt's files carry it, by attribute."""

    def __init__(self, **fields):
        defaults = dict(frames=5, height=16, width=16, channels=8, patch=1, hidden=1024, heads=16, depth=24, mlp_hidden=0, st_window=[8, 8],
                        s_window=[0, 0], pattern="alternating", adaln_rank=2, qk_norm=True, self_conditioning=True, classes=0, text_dim=0,
                        text_tokens=0, frame_prediction=False, super_resolution=False)
        super().__init__(defaults | fields)
        self.__dict__ = self


def norm(x, weight=None):
    return F.layer_norm(x, x.shape[-1:], weight, None, 1e-6)


def modulated(h, shift, scale):
    return torch.addcmul(shift, norm(h), 1 + scale)


def attend(q, k, v, mask):
    """q, k, v [.., heads, L, dh]; mask is added to the logits."""
    if not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return torch.softmax(q * (1 / math.sqrt(q.shape[-1])) @ k.mT + mask, -1) @ v


class HeadNorm(nn.Module):
    def __init__(self, on, head_dim):
        super().__init__()
        if on:
            self.weight = nn.Parameter(torch.ones(head_dim))
        self.on = on

    def forward(self, x):
        return norm(x, self.weight) if self.on else x


class Attention(nn.Module):
    """Self-attention in windows of (time, height, width) tokens of a grid."""

    def __init__(self, c, window, own_frame):
        super().__init__()
        d = c.hidden
        self.window, self.grid, self.heads = window, (c.frames, c.height // c.patch, c.width // c.patch), c.heads
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.q_norm, self.k_norm = (HeadNorm(c.qk_norm, d // c.heads) for _ in "qk")
        self.rel_bias = nn.Parameter(0.02 * torch.randn(c.heads, math.prod(2 * w - 1 for w in window)))
        at = torch.stack(torch.meshgrid(*map(torch.arange, window), indexing="ij")).flatten(1)
        delta = at[:, :, None] - at[:, None, :] + torch.tensor(window).view(3, 1, 1) - 1
        self.register_buffer("index", (delta[0] * (2 * window[1] - 1) + delta[1]) * (2 * window[2] - 1) + delta[2], persistent=False)
        images = at[0][:, None] == at[0][None] if own_frame else torch.eye(at.shape[1], dtype=torch.bool)
        self.register_buffer("image_mask", torch.zeros(images.shape).masked_fill(~images, -math.inf), persistent=False)

    def forward(self, u, is_image):
        b, f, n, d = u.shape
        (wt, wh, ww), (_, gh, gw) = self.window, self.grid
        cut = (b, f // wt, wt, gh // wh, wh, gw // ww, ww)
        # [b, t, wt, y, wh, x, ww, 3, heads, dh] to [3, b, t, y, x, heads, wt, wh, ww, dh]
        q, k, v = self.qkv(u).view(*cut, 3, self.heads, -1).permute(7, 0, 1, 3, 5, 8, 2, 4, 6, 9).flatten(6, 8).flatten(1, 4)
        mask = F.embedding(self.index, self.rel_bias.t()).permute(2, 0, 1)[None]  # of four axes, or attention is not fused
        if is_image is not None and wt > 1:
            mask = mask + torch.where(is_image.repeat_interleave(q.shape[0] // b).view(-1, 1, 1, 1), self.image_mask, 0)
        y = attend(self.q_norm(q), self.k_norm(k), v, mask)
        y = y.view(b, f // wt, gh // wh, gw // ww, self.heads, wt, wh, ww, -1).permute(0, 1, 5, 2, 6, 3, 7, 4, 8)
        return self.out(y.reshape(b, f, n, d))


class CrossAttention(nn.Module):
    """Every token to those of its frame and to the text."""

    def __init__(self, c):
        super().__init__()
        d = c.hidden
        self.heads = c.heads
        self.q, self.kv, self.out = nn.Linear(d, d), nn.Linear(d, 2 * d), nn.Linear(d, d)
        self.q_norm, self.k_norm = (HeadNorm(c.qk_norm, d // c.heads) for _ in "qk")

    def forward(self, u, text, mask):
        b, f, n, d = u.shape
        kv = torch.cat([self.kv(u), self.kv(text).expand(b, f, -1, -1)], 2)
        q = self.q(u).view(b * f, n, self.heads, -1).transpose(1, 2)
        k, v = kv.view(b * f, kv.shape[2], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = attend(self.q_norm(q), self.k_norm(k), v, mask.expand(b, f, -1).reshape(b * f, 1, 1, -1))
        return self.out(y.transpose(1, 2).reshape(b, f, n, d))


class Mlp(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(d, hidden), nn.Linear(hidden, d)

    def forward(self, u):
        return self.fc2(F.gelu(self.fc1(u), approximate="tanh"))


class AdaLN(nn.Module):
    """Shift, scale and gate of a block, [B, F, 1, d] each."""

    def __init__(self, d, chunks, rank):
        super().__init__()
        if rank:
            self.down, self.up = nn.Linear(d, rank, bias=False), nn.Linear(rank, chunks * d, bias=False)
        else:
            self.linear = nn.Linear(d, chunks * d)
        self.rank, self.chunks = rank, chunks

    def forward(self, s, base):
        return (base + self.up(self.down(s)) if self.rank else self.linear(s)).unsqueeze(2).chunk(self.chunks, -1)


class Block(nn.Module):
    def __init__(self, c, layer):
        super().__init__()
        grid = c.height // c.patch, c.width // c.patch
        spatial = c.pattern == "spatial" or (c.pattern == "alternating" and layer % 2 == 0)
        sides = grid if c.pattern == "full" else [w or g for w, g in zip(c.s_window if spatial else c.st_window, grid)]
        self.attn = Attention(c, (1 if spatial else c.frames, *sides), c.pattern == "full")
        if c.text_dim:
            self.cross = CrossAttention(c)
        self.mlp = Mlp(c.hidden, c.mlp_hidden or 4 * c.hidden)
        self.adaln = AdaLN(c.hidden, 9 if c.text_dim else 6, c.adaln_rank)
        self.has_text = bool(c.text_dim)

    def forward(self, h, s, base, text, text_mask, is_image):
        a = self.adaln(s, base)
        h = torch.addcmul(h, a[2], self.attn(modulated(h, a[0], a[1]), is_image))
        if self.has_text:
            h = torch.addcmul(h, a[5], self.cross(modulated(h, a[3], a[4]), text, text_mask))
        return torch.addcmul(h, a[-1], self.mlp(modulated(h, a[-3], a[-2])))


def level_embedding(d):
    return nn.Sequential(nn.Linear(256, d), nn.SiLU(), nn.Linear(d, d))


class Denoiser(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c, d = c, c.hidden
        tokens = (c.height // c.patch) * (c.width // c.patch)
        channels = c.channels * (1 + c.self_conditioning + c.frame_prediction + c.super_resolution) + c.frame_prediction
        self.patch_embed = nn.Linear(c.patch**2 * channels, d)
        self.pos_space, self.pos_time = (nn.Parameter(0.02 * torch.randn(n, d)) for n in (tokens, c.frames))
        self.time_embed = level_embedding(d)
        if c.classes:
            self.class_embed = nn.Embedding(c.classes + 1, d)
        if c.text_dim:
            self.text_proj = nn.Linear(c.text_dim, d)
        if c.super_resolution:
            self.sr = nn.ModuleDict({"conv": nn.Conv2d(c.channels, 4 * c.channels, 3, padding=1)})
            self.sr_time_embed = level_embedding(d)
        chunks = 9 if c.text_dim else 6
        if c.adaln_rank:
            self.adaln = nn.ModuleDict({"base": nn.Linear(d, chunks * d)})
        self.blocks = nn.ModuleList(Block(c, i) for i in range(c.depth))
        self.final = nn.ModuleDict({"adaln": nn.Linear(d, 2 * d), "out": nn.Linear(d, c.patch**2 * c.channels)})
        phase = torch.arange(1000)[:, None] * torch.exp(-math.log(10000) * torch.arange(128, dtype=torch.float64) / 128)
        self.register_buffer("waves", torch.cat([phase.cos(), phase.sin()], 1).float(), persistent=False)

    def forward(self, z_t, step, z0_prev=None, label=None, text=None, text_valid=None, is_image=None, mask=None, z_known=None, z_lr=None,
                step_lr=None):
        """z_t [B, F, H, W, C] to v of the same shape. step, label [B, F or 1]; text [B, F or 1, M, D]; text_valid [B, F or 1, M]."""
        c, p = self.c, self.c.patch
        b, f, height, width, _ = z_t.shape
        inputs = [z_t]
        if c.self_conditioning:
            inputs.append(torch.zeros_like(z_t) if z0_prev is None else z0_prev)
        if c.frame_prediction:
            m = mask.view(b, f, 1, 1, 1)
            inputs += [m * z_known, m.expand(b, f, height, width, 1)]
        if c.super_resolution:
            up = self.sr.conv(z_lr.flatten(0, 1).permute(0, 3, 1, 2)).view(b, f, 2, 2, c.channels, height // 2, width // 2)
            inputs.append(up.permute(0, 1, 5, 2, 6, 3, 4).reshape(z_t.shape))
        x = torch.cat(inputs, -1).view(b, f, height // p, p, width // p, p, -1).permute(0, 1, 2, 4, 3, 5, 6).flatten(4).flatten(2, 3)
        time = self.pos_time[:, None].expand(b, f, 1, -1)
        if is_image is not None:
            time = torch.where(is_image.view(b, 1, 1, 1), self.pos_time[0], time)
        h = self.patch_embed(x.to(self.pos_space.dtype)) + (self.pos_space + time)

        e = self.time_embed(self.waves[step])
        if c.classes:
            e = e + self.class_embed(label)
        if c.super_resolution:
            e = e + self.sr_time_embed(self.waves[step_lr])[:, None]
        s = F.silu(e)
        base = self.adaln.base(s) if c.adaln_rank else None
        text_mask = None
        if c.text_dim:
            text = self.text_proj(text)
            text_mask = F.pad(torch.zeros_like(text_valid, dtype=text.dtype).masked_fill(~text_valid, -math.inf), (h.shape[2], 0))
        for block in self.blocks:
            h = block(h, s, base, text, text_mask, is_image)
        shift, scale = self.final.adaln(s).unsqueeze(2).chunk(2, -1)
        y = self.final.out(modulated(h, shift, scale)).view(b, f, height // p, width // p, p, p, c.channels)
        return y.permute(0, 1, 2, 4, 3, 5, 6).reshape(z_t.shape)


def levels():
    """gamma of the 1000 levels, docs/model.md 2."""
    s = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0).sqrt()
    return ((s - s[-1]) * s[0] / (s[0] - s[-1])) ** 2
