"""The drawing surface: float32 arrays, colors from 0 to 1, computed for all pixels at once.

A *sprite* is (height, width, 4) with the color already multiplied by the coverage in the last channel, so that laying
one over another is a multiplication and an addition. A *canvas* is (height, width, 3). Bands are computed one after the
other: NumPy is slow where the last axis has only three or four numbers.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

Color = tuple[float, ...]  # red, green, blue
Array = np.ndarray


@dataclass(frozen=True)
class Plane:
    """The pixels of a sprite in the coordinates of a flower's face, on which the petals end at radius 1.

    Attributes:
        r: Distance from the center.
        theta: Angle around it, in radians.
        u: First coordinate on the face.
        v: Second coordinate on the face.
        pixel: Size of a pixel in these coordinates.
    """

    r: Array
    theta: Array
    u: Array
    v: Array
    pixel: float


def plane(radius: float, *, squash: float = 1.0, turn: float = 0.0, reach: float = 1.05, lift: float = 0.0) -> Plane:
    """Return the face of a flower of `radius` pixels, seen at an angle.

    Args:
        radius: In pixels.
        squash: Cosine of the angle of view: 1 from the front, near 0 from the side.
        turn: Direction in which it leans, in radians.
        reach: How far the sprite extends, in radii.
        lift: How far the face is moved toward the viewer's up side, in radii (for what stands out of it).
    """
    half = int(np.ceil(radius * reach)) + 1
    axis = (np.arange(-half, half + 1, dtype=np.float32)) / np.float32(radius)
    x, y = axis[None, :], axis[:, None]
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u = x * cos + y * sin
    v = (-x * sin + y * cos + np.float32(lift)) / np.float32(squash)
    u, v = np.broadcast_arrays(u, v)
    return Plane(np.hypot(u, v), np.arctan2(v, u), u, v, 1.0 / radius)


def blank(like: Plane) -> Array:
    """Return an empty sprite of the size of a plane."""
    return np.zeros((*like.r.shape, 4), np.float32)


def ramp(x: Array, width: float) -> Array:
    """Return 0 where `x` is below ``-width / 2``, 1 above ``width / 2``, and a line between: a soft edge at 0."""
    return np.clip(x / np.float32(width) + np.float32(0.5), 0, 1)


def lay(sprite: Array, color: Array | Color, alpha: Array) -> None:
    """Lay `color` with coverage `alpha` over `sprite`, in place."""
    below = 1 - alpha
    bands = np.asarray(color, np.float32)
    for band in range(3):
        sprite[..., band] *= below
        sprite[..., band] += bands[..., band] * alpha
    sprite[..., 3] *= below
    sprite[..., 3] += alpha


def darken(sprite: Array, factor: Array) -> None:
    """Multiply the colors of `sprite` by `factor` (height, width), in place."""
    for band in range(3):
        sprite[..., band] *= factor


def paste(canvas: Array, sprite: Array, x: float, y: float) -> None:
    """Lay `sprite` over `canvas` with its center at (`x`, `y`), in place; what sticks out is cut off."""
    top, left = round(y - sprite.shape[0] / 2), round(x - sprite.shape[1] / 2)
    rows = slice(max(top, 0), max(0, min(top + sprite.shape[0], canvas.shape[0])))
    columns = slice(max(left, 0), max(0, min(left + sprite.shape[1], canvas.shape[1])))
    target = canvas[rows, columns]
    if target.size:
        part = sprite[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        below = 1 - part[..., 3]
        for band in range(3):
            target[..., band] *= below
            target[..., band] += part[..., band]


def noise(rng: np.random.Generator, height: int, width: int, cell: float, octaves: int = 3) -> Array:
    """Return smooth noise (height, width) of mean about 0 and deviation about 1, coarse lumps of `cell` pixels."""
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for _ in range(octaves):
        rows, columns = max(2, int(height / cell) + 2), max(2, int(width / cell) + 2)
        lumps = Image.fromarray(rng.standard_normal((rows, columns), np.float32))
        total += np.asarray(lumps.resize((width, height), Image.Resampling.BICUBIC)) * np.float32(weight)
        weight *= 0.55
        cell = max(1.0, cell / 2.2)
    return total * np.float32(0.9)


def blurred(array: Array, radius: float) -> Array:
    """Return a canvas or sprite, blurred."""
    if radius < 0.3:
        return array
    image = Image.fromarray((np.clip(array, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.BoxBlur(float(radius))), np.float32) / np.float32(255)


def soft(array: Array, radius: float) -> Array:
    """Return a sprite blurred as an unsharp lens does, with room for what spreads."""
    if radius < 0.3:
        return array
    room = int(radius * 2) + 1
    return blurred(blurred(np.pad(array, ((room, room), (room, room), (0, 0))), radius * 0.6), radius * 0.6)


def resized(sprite: Array, scale: float, turn: float = 0.0, *, flip: bool = False) -> Array:
    """Return a sprite scaled, turned by `turn` radians and mirrored."""
    if flip:
        sprite = sprite[:, ::-1]
    if scale == 1.0 and not turn:
        return sprite
    pixels = np.ascontiguousarray((np.clip(sprite, 0, 1) * 255).astype(np.uint8))
    # Four bands as they are: Pillow would multiply the colors of an "RGBA" image by its coverage once more.
    image = Image.frombytes("CMYK", pixels.shape[1::-1], pixels.tobytes())
    size = (max(2, round(image.width * scale)), max(2, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    if turn:
        image = image.rotate(np.degrees(turn), Image.Resampling.BILINEAR, expand=True)
    return np.asarray(image, np.float32) / np.float32(255)


def tinted(sprite: Array, factor: float | Color) -> Array:
    """Return a sprite with its color multiplied."""
    return sprite * np.array([*np.broadcast_to(factor, 3), 1], np.float32)


def hsv(hue: float, saturation: float, value: float) -> Color:
    """Return a color from its hue (in turns: 0 red, 1/3 green), saturation and value."""
    return colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0))


def mix(a: Color, b: Color, share: float | Array) -> Array:
    """Return `a` where `share` is 0 and `b` where it is 1."""
    share = np.asarray(share, np.float32)
    colors = np.asarray(a, np.float32), np.asarray(b, np.float32)
    mixed = np.empty((*share.shape, 3), np.float32)
    for band in range(3):
        mixed[..., band] = colors[0][..., band] * (1 - share) + colors[1][..., band] * share
    return mixed
