"""Backgrounds: where a flower stands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowercourse.mini_flowers import leaves
from flowercourse.mini_flowers.raster import Array, Color, blurred, hsv, mix, noise, ramp

Scene = Callable[[np.random.Generator, int, int], Array]


def _ground(rng: np.random.Generator, height: int, width: int, color: Color, contrast: float, cell: float) -> Array:
    lumps = noise(rng, height, width, cell)
    tint = noise(rng, height, width, cell * 1.5, 2) * np.float32(0.06)
    canvas = np.asarray(color, np.float32) * np.clip(1 + contrast * lumps, 0.15, 2.2)[..., None]
    canvas[..., 0] *= 1 + tint
    canvas[..., 2] *= 1 - tint
    return canvas


def _green(rng: np.random.Generator, low: float = 0.25, high: float = 0.55) -> Color:
    return hsv(rng.uniform(0.2, 0.34), rng.uniform(0.4, 0.75), rng.uniform(low, high))


def lawn(rng: np.random.Generator, height: int, width: int) -> Array:
    """Return grass seen from above."""
    color = _green(rng)
    canvas = _ground(rng, height, width, tuple(c * 0.6 for c in color), 0.3, 40)
    leaves.grass(canvas, rng, count=int(rng.integers(200, 420)), length=rng.uniform(25, 60), color=color, floor=-0.05)
    if rng.random() < 0.5:
        kinds = ("toothed", "spoon", "serrated")
        leaves.thicket(canvas, rng, kinds=kinds, count=int(rng.integers(4, 16)), length=rng.uniform(30, 60), dark=0.7,
                       light=1.1)  # fmt: skip
    return blurred(canvas, rng.choice([0.0, 0.6, 1.5, 3.0]))


def meadow(rng: np.random.Generator, height: int, width: int) -> Array:
    """Return grass below, a far hedge, and sky above."""
    canvas = sky(rng, height, width)
    horizon = rng.uniform(0.15, 0.6)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    edge = horizon + 0.04 * noise(rng, 1, width, 40, 4)
    hedge = _ground(rng, height, width, _green(rng, 0.15, 0.35), 0.35, 25)
    cover = ramp(rows - edge, 0.02)[..., None]
    canvas = canvas * (1 - cover) + hedge * cover
    canvas = blurred(canvas, rng.uniform(1.5, 4))
    field = _ground(rng, height, width, _green(rng), 0.2, 30)
    cover = ramp(rows - (edge + rng.uniform(0.03, 0.15)), 0.05)[..., None]
    canvas = canvas * (1 - cover) + field * cover
    leaves.grass(canvas, rng, count=260, length=rng.uniform(20, 60), color=_green(rng), floor=horizon + 0.12)
    return blurred(canvas, rng.choice([0.6, 2.0, 4.0]))


def sky(rng: np.random.Generator, height: int, width: int) -> Array:
    """Return a sky, clear or cloudy."""
    high = hsv(rng.uniform(0.55, 0.61), rng.uniform(0.25, 0.75), rng.uniform(0.6, 0.95))
    low = hsv(rng.uniform(0.52, 0.6), rng.uniform(0.05, 0.3), rng.uniform(0.8, 1.0))
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    canvas = mix(high, low, np.broadcast_to(rows, (height, width)))
    clouds = np.clip(noise(rng, height, width, 70, 4) * 0.4 + rng.uniform(-0.35, 0.35), 0, 1)[..., None]
    return canvas * (1 - clouds * 0.85) + np.float32(rng.uniform(0.86, 0.99)) * clouds * np.float32(0.85)


def foliage(rng: np.random.Generator, height: int, width: int) -> Array:
    """Return leaves of a shrub or bed, the deep ones in the dark."""
    canvas = _ground(rng, height, width, _green(rng, 0.12, 0.28), 0.4, 30)
    kinds = tuple(rng.choice(leaves.KINDS, 2, replace=False))
    leaves.thicket(canvas, rng, kinds=kinds, count=int(rng.integers(35, 70)), length=rng.uniform(35, 80), dark=0.5,
                   light=rng.uniform(0.8, 1.15))  # fmt: skip
    return blurred(canvas, rng.choice([0.0, 1.0, 2.5, 5.0]))


def soil(rng: np.random.Generator, height: int, width: int) -> Array:
    """Return earth, gravel or mulch with a few sprouts."""
    color = hsv(rng.uniform(0.05, 0.1), rng.uniform(0.2, 0.5), rng.uniform(0.25, 0.6))
    canvas = _ground(rng, height, width, color, 0.25, 30)
    canvas *= 1 + 0.3 * noise(rng, height, width, rng.uniform(2, 7), 2)[..., None]
    leaves.thicket(canvas, rng, kinds=("spoon", "toothed", "blade"), count=int(rng.integers(0, 12)),
                   length=rng.uniform(25, 55), dark=0.6, light=1.0)  # fmt: skip
    return blurred(np.clip(canvas, 0, 1), rng.choice([0.0, 1.0, 3.0]))


def haze(rng: np.random.Generator, height: int, width: int) -> Array:
    """Return a background far out of focus: lumps of color, and discs of light."""
    canvas = _ground(rng, height, width, _green(rng, 0.15, 0.6), 0.35, rng.uniform(40, 110))
    other = hsv(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.2, 0.9))
    cover = np.clip(noise(rng, height, width, rng.uniform(50, 120), 2) * 0.5, 0, 1)[..., None]
    canvas = canvas * (1 - cover) + np.asarray(other, np.float32) * cover
    y, x = np.ogrid[:height, :width]
    for _ in range(int(rng.integers(0, 12))):
        size = rng.uniform(6, 26)
        away = np.hypot(x - rng.uniform(0, width), y - rng.uniform(0, height)).astype(np.float32)
        canvas += (ramp(size - away, 3.0) * rng.uniform(0.05, 0.2))[..., None]
    return blurred(canvas, 3)


def wall(rng: np.random.Generator, height: int, width: int) -> Array:
    """Return a plain wall or cloth, as behind a bunch of flowers indoors."""
    value = rng.choice([rng.uniform(0.06, 0.25), rng.uniform(0.35, 0.95)])
    color = hsv(rng.random(), rng.uniform(0, 0.35), value)
    canvas = _ground(rng, height, width, color, 0.05, 90)
    slope = rng.normal(0, 0.25, 2)
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j].astype(np.float32)
    return canvas * np.clip(1 + slope[0] * x + slope[1] * y, 0.3, 1.7)[..., None]


SCENES: dict[str, Scene] = {
    "lawn": lawn, "meadow": meadow, "sky": sky, "foliage": foliage, "soil": soil, "haze": haze, "wall": wall,
}  # fmt: skip
