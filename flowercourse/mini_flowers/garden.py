"""Compose a picture: a background, flowers with stalks and leaves, what is in the way, light, and a camera."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from flowercourse.mini_flowers import cups, daisies, leaves, scenes
from flowercourse.mini_flowers.daisies import View
from flowercourse.mini_flowers.raster import Array, blurred, hsv, noise, paste, resized, soft, tinted

Head = Callable[[np.random.Generator, float, View], Array]
_GRAIN = 640  # pixels


@dataclass(frozen=True)
class Species:
    """How a class is drawn.

    Attributes:
        heads: Its kinds of head and how often each is drawn.
        upright: Which of them are seen from the side, on a stalk.
        leaf: Its kind of leaf.
        scenes: How often it stands in each of `scenes.SCENES`.
        size: Factor on the size of its heads.
    """

    heads: tuple[tuple[Head, float], ...]
    upright: tuple[Head, ...]
    leaf: str
    scenes: dict[str, float]
    size: float = 1.0


SPECIES = {
    "dandelion": Species(
        ((daisies.dandelion, 0.74), (daisies.clock, 0.26)), (), "toothed",
        {"lawn": 4, "meadow": 2, "sky": 0.7, "foliage": 1, "soil": 1, "haze": 2, "wall": 0.3},
    ),
    "daisy": Species(
        ((daisies.daisy, 1.0),), (), "spoon",
        {"lawn": 3, "meadow": 2, "sky": 0.7, "foliage": 2, "soil": 1, "haze": 2, "wall": 0.6},
    ),
    "tulips": Species(
        ((cups.tulip, 0.8), (cups.open_tulip, 0.2)), (cups.tulip,), "blade",
        {"lawn": 1, "meadow": 2, "sky": 1, "foliage": 2, "soil": 1.5, "haze": 2, "wall": 1.2},
    ),
    "sunflowers": Species(
        ((daisies.sunflower, 1.0),), (), "heart",
        {"lawn": 0.5, "meadow": 3, "sky": 2, "foliage": 2, "soil": 0.5, "haze": 1.5, "wall": 0.8}, 1.15,
    ),
    "roses": Species(
        ((cups.rose, 0.66), (cups.rosebud, 0.34)), (cups.rosebud,), "serrated",
        {"lawn": 0.7, "meadow": 1, "sky": 0.5, "foliage": 4, "soil": 1, "haze": 2, "wall": 2}, 0.95,
    ),
}  # fmt: skip


def picture(class_name: str, number: int) -> Image.Image:
    """Return picture `number`, of a flower of `class_name`: RGB, sides of 180 to 360 pixels."""
    rng = np.random.default_rng([20, number])
    species = SPECIES[class_name]
    height, width = _format(rng)
    names, weights = zip(*species.scenes.items(), strict=True)
    scene = str(rng.choice(names, p=np.array(weights) / sum(weights)))
    canvas = scenes.SCENES[scene](rng, height, width).astype(np.float32)
    light = float(rng.uniform(0, 2 * np.pi))
    if scene != "sky" and rng.random() < 0.65:
        _others(canvas, rng, light)
    layout = str(rng.choice(["portrait", "few", "group", "field"], p=[0.3, 0.27, 0.22, 0.21]))
    {"portrait": _portrait, "few": _few, "group": _group, "field": _field}[layout](
        canvas, rng, species, light, scene in ("sky", "haze", "wall", "meadow")
    )
    _in_the_way(canvas, rng)
    return _photograph(canvas, rng)


def _format(rng: np.random.Generator) -> tuple[int, int]:
    short = int(rng.integers(180, 241))
    long = int(short * rng.choice([1.0, 1.25, 1.33, 1.5]))
    return (short, long) if rng.random() < 0.75 else (long, short)


def _view(rng: np.random.Generator, light: float) -> View:
    return View(squash=float(rng.uniform(0.42, 1.0)), turn=float(rng.normal(0, 0.45)), light=light)


def _head(rng: np.random.Generator, species: Species, radius: float, light: float) -> tuple[Array, bool]:
    """Return a head, and whether it is seen from the side."""
    kinds, weights = zip(*species.heads, strict=True)
    kind = kinds[int(rng.choice(len(kinds), p=weights))]
    sprite = kind(rng, radius * species.size, _view(rng, light))
    upright = kind in species.upright
    if upright or rng.random() < 0.3:
        sprite = resized(sprite, 1.0, float(rng.normal(0, 0.2)))
    return sprite, upright


def _plant(canvas: Array, rng: np.random.Generator, species: Species, x: float, y: float, radius: float,
           head: Array, upright: bool, airy: bool) -> None:  # fmt: skip
    """Draw a flower with its head at (`x`, `y`), its stalk and leaves; `airy`: nothing is close behind it."""
    height = canvas.shape[0]
    tone = rng.uniform(0.7, 1.15)
    standing = upright or airy or rng.random() < 0.5
    path = [(x, y)]
    if standing:
        foot = x + rng.normal(0, 0.3) * radius, max(y + radius * rng.uniform(3, 5), height * rng.uniform(0.95, 1.15))
        green = hsv(rng.uniform(0.22, 0.32), rng.uniform(0.4, 0.65), rng.uniform(0.35, 0.6))
        path = leaves.curve((x, y + radius * 0.3), foot, rng.normal(0, 0.25) * radius)
        leaves.stalk(canvas, path, max(1.2, radius * rng.uniform(0.08, 0.13)), green)
    for _ in range(int(rng.integers(0, 5))):
        at = path[int(rng.integers(len(path)))]
        side = -np.pi / 2 + rng.choice([-1, 1]) * rng.uniform(0.3, 1.5)
        direction = side if standing else rng.uniform(0, 2 * np.pi)
        length = radius * rng.uniform(1.2, 2.2)
        if at[1] < height + length:
            leaves.attach(canvas, rng, species.leaf, length, direction, tone, at)
    if not airy:
        _shadow(canvas, head, x, y, radius)
    paste(canvas, head, x, y)


def _shadow(canvas: Array, head: Array, x: float, y: float, radius: float) -> None:
    shade = np.zeros_like(head)
    shade[..., 3] = head[..., 3] * 0.4
    paste(canvas, soft(shade, radius * 0.14), x + radius * 0.1, y + radius * 0.16)


def _portrait(canvas: Array, rng: np.random.Generator, species: Species, light: float, airy: bool) -> None:
    side = min(canvas.shape[:2])
    radius = side * rng.uniform(0.24, 0.5)
    head, upright = _head(rng, species, radius, light)
    x, y = (rng.normal(0.5, 0.1) * size for size in (canvas.shape[1], canvas.shape[0]))
    _plant(canvas, rng, species, x, y, radius, head, upright, airy)


def _several(canvas: Array, rng: np.random.Generator, species: Species, light: float, airy: bool, *, count: int,
             radius: tuple[float, float], kinds: int, spread: float) -> None:  # fmt: skip
    """Draw `count` flowers, the lower ones nearer, from at most `kinds` different heads."""
    height, width = canvas.shape[:2]
    mean = min(height, width) * rng.uniform(*radius)
    pool = [_head(rng, species, mean, light) for _ in range(min(kinds, count))]
    places = rng.uniform(0.5 - spread, 0.5 + spread, (count, 2))
    for share_x, share_y in places[np.argsort(places[:, 1])]:
        head, upright = pool[int(rng.integers(len(pool)))]
        scale = rng.uniform(0.75, 1.1) * (0.75 + 0.45 * share_y)
        sprite = resized(head, scale, flip=bool(rng.random() < 0.5))
        _plant(canvas, rng, species, share_x * width, share_y * height, mean * scale, sprite, upright, airy)


def _few(canvas: Array, rng: np.random.Generator, species: Species, light: float, airy: bool) -> None:
    count = int(rng.integers(2, 4))
    _several(canvas, rng, species, light, airy, count=count, radius=(0.16, 0.32), kinds=3, spread=0.32)


def _group(canvas: Array, rng: np.random.Generator, species: Species, light: float, airy: bool) -> None:
    count = int(rng.integers(4, 8))
    _several(canvas, rng, species, light, airy, count=count, radius=(0.085, 0.18), kinds=3, spread=0.42)


def _field(canvas: Array, rng: np.random.Generator, species: Species, light: float, airy: bool) -> None:
    count = int(rng.integers(8, 16))
    _several(canvas, rng, species, light, airy, count=count, radius=(0.045, 0.1), kinds=3, spread=0.5)


def _others(canvas: Array, rng: np.random.Generator, light: float) -> None:
    """Draw flowers of any kind in the background, small and out of focus."""
    height, width = canvas.shape[:2]
    species = SPECIES[str(rng.choice(list(SPECIES)))]
    radius = min(height, width) * rng.uniform(0.05, 0.13)
    head, _ = _head(rng, species, radius, light)
    out_of_focus = soft(head, radius * rng.uniform(0.2, 0.45))
    for _ in range(int(rng.integers(1, 9))):
        sprite = tinted(resized(out_of_focus, rng.uniform(0.6, 1.2)), rng.uniform(0.6, 1.0))
        paste(canvas, sprite, rng.uniform(0, 1) * width, rng.uniform(0, 1) * height)


def _in_the_way(canvas: Array, rng: np.random.Generator) -> None:
    """Draw grass or leaves before the flowers."""
    height, width = canvas.shape[:2]
    if rng.random() < 0.35:
        color = hsv(rng.uniform(0.2, 0.32), rng.uniform(0.4, 0.7), rng.uniform(0.35, 0.65))
        leaves.grass(canvas, rng, count=int(rng.integers(8, 45)), length=height * rng.uniform(0.3, 0.7), color=color,
                     floor=rng.uniform(0.75, 1.0))  # fmt: skip
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 4))):  # leaves that reach in from the edge
            side = rng.choice([-1.0, 1.0])
            at = (0.5 + 0.55 * side) * width, rng.uniform(0.1, 1.0) * height
            direction = (np.pi if side > 0 else 0.0) + rng.normal(0, 0.5)
            length, tone = width * rng.uniform(0.25, 0.55), rng.uniform(0.6, 1.1)
            sprite = soft(leaves.leaf(rng, str(rng.choice(leaves.KINDS)), length, direction, tone),
                          rng.choice([0.0, 2.0, 5.0]))  # fmt: skip
            paste(canvas, sprite, at[0] + length / 2 * np.cos(direction), at[1] + length / 2 * np.sin(direction))


def _photograph(canvas: Array, rng: np.random.Generator) -> Image.Image:
    """Light, lens and film: what the weather and a camera do to all of the picture."""
    height, width = canvas.shape[:2]
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    slope = rng.normal(0, 0.14, 2).astype(np.float32)
    light = 1 + slope[0] * x + slope[1] * y - np.float32(rng.uniform(0, 0.22)) * (x**2 + y**2)
    if rng.random() < 0.3:  # patches of shade from a tree
        light *= 1 - np.float32(0.35) * np.clip(noise(rng, height, width, 60, 2), 0, 1)
    warmth = rng.normal(0, 0.07)
    cast = np.array([1 + warmth, 1 + rng.normal(0, 0.025), 1 - warmth], np.float32)
    canvas = canvas * (light[..., None] * cast)
    saturation = np.float32(rng.uniform(0.75, 1.3))
    canvas = canvas * saturation + canvas.mean(axis=2, keepdims=True) * (1 - saturation)
    canvas = np.clip(canvas, 0, 1)
    canvas = _developed(canvas, rng)
    canvas = blurred(canvas, rng.choice([0.0, 0.5, 0.8, 1.3, 1.9, 2.6]))
    top, left = rng.integers(_GRAIN - height), rng.integers(_GRAIN - width)
    grain = _grain()[top : top + height, left : left + width] * np.float32(rng.uniform(0.004, 0.035))
    return Image.fromarray((np.clip(canvas + grain, 0, 1) * 255).astype(np.uint8))


def _developed(canvas: Array, rng: np.random.Generator) -> Array:
    """Choose exposure and contrast as a camera does: by the picture's mean brightness, and not exactly right."""
    wanted = rng.normal(0.42, 0.06)
    exponent = np.clip(np.log(wanted) / np.log(np.clip(canvas.mean(), 0.02, 0.9)), 0.55, 1.25)
    tones = np.linspace(0, 1, 1024) ** exponent
    tones = (tones - 0.5) * rng.uniform(0.78, 1.12) + 0.5 + rng.normal(0, 0.03)
    return tones.astype(np.float32)[(canvas * np.float32(1023)).astype(np.uint16)]


@functools.cache
def _grain() -> Array:
    """Return noise of a camera's sensor, of which each picture takes a piece."""
    return np.random.default_rng(21).standard_normal((_GRAIN, _GRAIN, 3), np.float32)
