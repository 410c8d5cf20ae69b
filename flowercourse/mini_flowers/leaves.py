"""Leaves, stalks and blades of grass."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageDraw

from flowercourse.mini_flowers.raster import Array, Color, blank, hsv, lay, paste, plane, ramp, resized, tinted

# Kinds of leaf, and the flower that has them.
KINDS = ("toothed", "spoon", "blade", "heart", "serrated")
_DRAWN_LENGTH = 120  # pixels
_VARIANTS = 4


def leaf(rng: np.random.Generator, kind: str, length: float, direction: float, tone: float | Color) -> Array:
    """Return the sprite of a leaf that points in `direction` (radians, 0 to the right, growing clockwise)."""
    drawn = _leaf(kind, int(rng.integers(_VARIANTS)))
    return tinted(resized(drawn, length / _DRAWN_LENGTH, -direction), tone)


def attach(canvas: Array, rng: np.random.Generator, kind: str, length: float, direction: float, tone: float,
           at: tuple[float, float]) -> None:  # fmt: skip
    """Draw a leaf that begins at the point `at`."""
    middle = at[0] + length / 2 * np.cos(direction), at[1] + length / 2 * np.sin(direction)
    paste(canvas, leaf(rng, kind, length, direction, tone), *middle)


def _lens(t: Array) -> Array:
    return np.abs(np.sin(np.pi * np.clip(t * 1.12 - 0.12, 0, 1) ** 0.8))


@functools.cache
def _leaf(kind: str, variant: int) -> Array:
    """Draw a leaf that points to the right, from edge to edge of its sprite."""
    rng = np.random.default_rng([KINDS.index(kind), variant])
    face = plane(_DRAWN_LENGTH)
    t, q = face.u + np.float32(0.0), face.v + np.float32(rng.normal(0, 0.1)) * np.square(face.u)
    inside = np.clip(t, 0, 1)
    half = {
        "toothed": 0.05 + 0.14 * inside**0.7 * (0.35 + np.abs(np.mod(inside * 6, 1.0) - 0.1)) * (1 - inside**5),
        "spoon": 0.03 + 0.15 * np.clip(inside * 1.4 - 0.35, 0, 1) ** 0.7 * np.sqrt(1 - inside**5),
        "blade": 0.11 * np.abs(np.sin(np.pi * inside**0.6)) ** 0.8 + 0.01,
        "heart": 0.36 * np.sqrt(np.clip(inside * 4 - 0.5, 0, 1)) * (1 - inside**1.5) + 0.012,
        "serrated": 0.3 * _lens(inside) * (0.9 + 0.14 * np.mod(t * 11, 1.0)) + 0.012,
    }[kind].astype(np.float32)
    slope = {"toothed": 9, "spoon": 7, "blade": 0, "heart": 8, "serrated": 10}[kind]
    across = np.abs(q) / np.maximum(half, 1e-3)
    veins = np.exp(-np.square((np.mod(t * slope - np.abs(q) * 8, 1.0) - 0.5) / 0.09)) if slope else np.cos(across * 22)
    rib = np.exp(-np.square(q / 0.013))
    tone = 0.86 + 0.1 * veins * (1 - across) + 0.25 * rib + 0.1 * np.sign(q) * np.clip(across, 0, 1)
    tone += 0.06 * rng.standard_normal(t.shape, np.float32)
    hue = {"toothed": 0.26, "spoon": 0.28, "blade": 0.33, "heart": 0.27, "serrated": 0.31}[kind]
    color = np.asarray(hsv(hue + rng.normal(0, 0.012), rng.uniform(0.5, 0.7), rng.uniform(0.42, 0.56)), np.float32)
    sprite = blank(face)
    alpha = ramp(half - np.abs(q), face.pixel * 1.5) * (t > 0) * (t < 1)
    lay(sprite, color * np.clip(tone, 0.4, 1.4)[..., None], alpha)
    rows = np.flatnonzero(sprite[..., 3].any(axis=1))
    return sprite[rows[0] : rows[-1] + 1, sprite.shape[1] // 2 :]


def stalk(canvas: Array, path: list[tuple[float, float]], width: float, color: Color) -> None:
    """Draw a stalk along `path` on `canvas`, lit from one side; `width` in pixels."""
    zoom, room = 2, int(width) + 2
    left, top = (int(min(values)) - room for values in zip(*path, strict=True))
    right, bottom = (int(max(values)) + room for values in zip(*path, strict=True))
    size = right - left, bottom - top
    mask = Image.new("L", (size[0] * zoom, size[1] * zoom))
    points = [((x - left) * zoom, (y - top) * zoom) for x, y in path]
    ImageDraw.Draw(mask).line(points, fill=255, width=max(2, round(width * zoom)), joint="curve")
    alpha = np.asarray(mask.resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
    lit = np.roll(alpha, max(1, round(width * 0.35)), axis=1) * np.float32(0.45) + np.float32(0.6)
    sprite = np.concatenate([np.asarray(color, np.float32) * (alpha * lit)[..., None], alpha[..., None]], axis=2)
    paste(canvas, sprite, left + size[0] / 2, top + size[1] / 2)


def curve(start: tuple[float, float], end: tuple[float, float], bend: float) -> list[tuple[float, float]]:
    """Return points of an arc from `start` to `end`; `bend` in pixels to the side."""
    t = np.linspace(0, 1, 12)
    x = start[0] + (end[0] - start[0]) * t + bend * np.sin(np.pi * t)
    y = start[1] + (end[1] - start[1]) * t
    return list(zip(x.tolist(), y.tolist(), strict=True))


def grass(canvas: Array, rng: np.random.Generator, *, count: int, length: float, color: Color, floor: float) -> None:
    """Draw blades of grass whose feet lie below `floor` (a share of the height), the near ones longer and lighter."""
    height, width = canvas.shape[:2]
    image = Image.fromarray((np.clip(canvas, 0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    near = np.sort(rng.random(count))
    feet = rng.uniform(-0.05, 1.05, count) * width, (floor + (1.1 - floor) * near) * height
    lean, tall = rng.normal(0, 0.45, count), length * (0.4 + 0.8 * near) * rng.uniform(0.5, 1.2, count)
    tones = (0.5 + 0.6 * near) * rng.uniform(0.65, 1.2, count)
    hues = rng.normal(0, 0.06, (count, 2))
    for i in range(count):
        x, y, h, side = feet[0][i], feet[1][i], tall[i], lean[i]
        w = 0.7 + 1.6 * near[i] * length / 60
        rgb = (color[0] * (1 + hues[i, 0]), color[1], color[2] * (1 + hues[i, 1]))
        fill = tuple(int(min(max(c * tones[i], 0), 1) * 255) for c in rgb)
        bent = (x + side * h * 0.35, y - h * 0.6)
        draw.polygon([(x - w, y), (bent[0] - w * 0.7, bent[1]), (x + side * h, y - h), (bent[0] + w * 0.7, bent[1]),
                      (x + w, y)], fill=fill)  # fmt: skip
    canvas[...] = np.asarray(image, np.float32) / np.float32(255)


def thicket(canvas: Array, rng: np.random.Generator, *, kinds: tuple[str, ...], count: int, length: float,
            dark: float, light: float, region: tuple[float, float, float, float] = (0, 0, 1, 1)) -> None:  # fmt: skip
    """Lay leaves over one another in `region` (left, top, right, bottom as shares), from dark ones to light ones."""
    height, width = canvas.shape[:2]
    left, top, right, bottom = region
    pool = [leaf(rng, str(rng.choice(kinds)), length * rng.uniform(0.6, 1.2), rng.uniform(0, 6.3), 1.0)
            for _ in range(min(count, 7))]  # fmt: skip
    for i in range(count):
        share = i / max(count - 1, 1)
        tone = (dark + (light - dark) * share) * rng.uniform(0.75, 1.2)
        sprite = pool[int(rng.integers(len(pool)))]
        if rng.random() < 0.5:
            sprite = sprite[:, ::-1]
        if rng.random() < 0.5:
            sprite = sprite[::-1]
        place = rng.uniform(left, right) * width, rng.uniform(top, bottom) * height
        paste(canvas, tinted(sprite, (tone * rng.uniform(0.85, 1.15), tone, tone * rng.uniform(0.8, 1.1))), *place)
