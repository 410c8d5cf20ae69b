"""Heads with rays around a disc, as daisies and sunflowers have them, and the dandelion's many rays and its clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from flowercourse.mini_flowers.raster import (
    Array,
    Color,
    Plane,
    blank,
    darken,
    hsv,
    lay,
    mix,
    plane,
    ramp,
)

Profile = Callable[[Array], Array]


@dataclass(frozen=True)
class View:
    """How a head is seen: see `raster.plane`."""

    squash: float
    turn: float
    light: float  # direction from which light comes, in radians


def round_tip(t: Array) -> Array:
    """Half width of a petal with a round end, along its length from 0 to 1."""
    return np.sqrt(np.clip(t, 0, 1)) * np.sqrt(np.clip(1 - t**6, 0, 1))


def pointed_tip(t: Array) -> Array:
    """Half width of a petal that ends in a point."""
    t = np.clip(t, 0, 1)
    return 1.62 * np.sqrt(t) * (1 - t**1.7)


def blunt_tip(t: Array) -> Array:
    """Half width of a strap that ends bluntly."""
    return np.sqrt(np.clip(t * 2, 0, 1)) * np.sqrt(np.clip(1 - t**14, 0, 1))


def rays(
    sprite: Array,
    face: Plane,
    rng: np.random.Generator,
    *,
    count: int,
    length: float,
    width: float,
    profile: Profile,
    base: Color,
    tip: Color,
    light: float,
    start: float,
    ragged: float = 0.06,
    ridges: float = 2.0,
    jitter: float = 0.22,
) -> None:
    """Draw a whorl of petals on `sprite`: every other petal first, then those between, which overlap them."""
    step = 2 * np.pi / count
    lengths = (length * (1 + ragged * rng.standard_normal(count))).astype(np.float32)
    turns = (step * (np.arange(count) + jitter * rng.standard_normal(count)) + start).astype(np.float32)
    widths = (width * (1 + 0.12 * rng.standard_normal(count))).astype(np.float32)
    values = (1 + 0.07 * rng.standard_normal(count) + 0.13 * np.cos(turns - light)).astype(np.float32)
    bends = (0.12 * rng.standard_normal(count)).astype(np.float32)
    nearest = np.floor((face.theta - start) / step)
    for parity in (0, 1):
        # The nearest petal of this parity: 0, 2, 4, ... or 1, 3, 5, ...
        k = (2 * np.floor((nearest - parity + 1) / 2) + parity).astype(np.int32) % count
        delta = face.theta - turns[k]
        ahead = face.r * np.cos(delta)
        t = ahead / lengths[k]
        q = face.r * np.sin(delta) - bends[k] * np.square(t) * lengths[k] * 0.5
        half = widths[k] * profile(t)
        within = (ahead > 0) & (t < 1)
        alpha = ramp(half - np.abs(q), face.pixel * 1.4) * within
        across = q / np.maximum(half, 1e-3)
        tone = values[k] * (1 - 0.2 * across**2 + 0.05 * np.cos(across * np.float32(ridges * np.pi)))
        if parity:  # the shadow of these on those below
            darken(sprite, 1 - 0.28 * ramp(half * 1.12 - np.abs(q), face.pixel * 6 + 0.06) * within)
        lay(sprite, mix(base, tip, np.clip(t, 0, 1)) * np.clip(tone, 0.3, 1.25)[..., None], alpha)


def disc(
    sprite: Array, face: Plane, rng: np.random.Generator, *, radius: float, inner: Color, outer: Color, light: float
) -> None:
    """Draw the middle of the head: a dome of florets in two sets of spirals."""
    t = face.r / np.float32(radius)
    log = np.log(np.maximum(t, 0.03))
    left, right = rng.choice([(21, 34), (13, 21), (34, 55)])
    phase = rng.uniform(0, 6)
    florets = np.cos(left * face.theta + 9 * log + phase) * np.cos(right * face.theta - 13 * log)
    dome = 1 - 0.35 * t**3 + 0.16 * t * np.cos(face.theta - light)
    grain = rng.standard_normal(t.shape, np.float32) * 0.06
    tone = np.clip(dome + 0.2 * florets * np.clip(t * 1.5, 0.2, 1) + grain, 0.25, 1.35)
    darken(sprite, 1 - 0.4 * np.exp(-np.square(np.maximum(face.r - radius, 0) / 0.07)))
    alpha = ramp(radius * (1 + 0.02 * florets) - face.r, face.pixel * 2)
    lay(sprite, mix(inner, outer, np.clip(t**2, 0, 1)) * tone[..., None], alpha)


def daisy(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a daisy: narrow rays, mostly white, around a yellow button."""
    face = plane(radius, squash=view.squash, turn=view.turn)
    sprite = blank(face)
    kind = rng.choice(["white", "white", "white", "rosy", "cream", "yellow", "yellow", "violet"])
    tip = {
        "white": hsv(0.15, rng.uniform(0, 0.05), 0.98),
        "rosy": hsv(rng.uniform(0.88, 0.97), rng.uniform(0.25, 0.6), 0.95),
        "cream": hsv(0.14, rng.uniform(0.12, 0.3), 0.97),
        "yellow": hsv(rng.uniform(0.125, 0.15), rng.uniform(0.65, 0.9), 0.97),
        "violet": hsv(rng.uniform(0.72, 0.82), rng.uniform(0.2, 0.5), 0.9),
    }[kind]
    base = tuple(mix((0.93, 0.93, 0.9), tip, rng.uniform(0.2, 1.0)))
    count = 2 * int(rng.integers(7, 15))
    width = rng.uniform(0.85, 1.25) * 2.6 / count
    middle = rng.uniform(0.2, 0.33)
    for layer in range(int(rng.integers(1, 3))):
        rays(
            sprite, face, rng, count=count, length=0.94 - 0.06 * layer, width=width, profile=round_tip, base=base,
            tip=tip, light=view.light, start=rng.uniform(0, 6), ragged=rng.uniform(0.03, 0.09),
        )  # fmt: skip
    button = plane(radius, squash=max(view.squash, 0.55), turn=view.turn, lift=0.12 * (1 - view.squash))
    hue = rng.uniform(0.105, 0.15)
    disc(sprite, button, rng, radius=middle, inner=hsv(hue + 0.015, 0.85, 0.93), outer=hsv(hue - 0.02, 0.92, 0.85),
         light=view.light)  # fmt: skip
    return sprite


def sunflower(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a sunflower: two whorls of pointed golden rays around a broad dark disc."""
    face = plane(radius, squash=view.squash, turn=view.turn)
    sprite = blank(face)
    hue = rng.uniform(0.105, 0.145)
    if rng.random() < 0.05:  # the red-brown kinds
        hue = rng.uniform(0.05, 0.09)
    tip = hsv(hue + 0.01, rng.uniform(0.75, 0.98), rng.uniform(0.9, 1.0))
    base = hsv(hue - 0.02, 0.95, 0.85)
    middle = rng.uniform(0.3, 0.52)
    count = 2 * int(rng.integers(8, 15))
    for layer in range(2 + int(rng.random() < 0.25)):
        rays(
            sprite, face, rng, count=count, length=0.97 - 0.1 * layer, width=rng.uniform(2.4, 3.2) / count,
            profile=pointed_tip, base=base, tip=tip, light=view.light, start=rng.uniform(0, 6),
            ragged=rng.uniform(0.05, 0.12), ridges=4,
        )  # fmt: skip
    dark = hsv(rng.uniform(0.04, 0.09), rng.uniform(0.5, 0.8), rng.uniform(0.16, 0.34))
    ring = hsv(rng.uniform(0.07, 0.12), 0.8, rng.uniform(0.3, 0.7))
    button = plane(radius, squash=max(view.squash, 0.4), turn=view.turn, lift=0.08 * (1 - view.squash))
    disc(sprite, button, rng, radius=middle, inner=dark, outer=ring, light=view.light)
    heart = mix(hsv(0.2, 0.5, 0.4), dark, rng.uniform(0, 1))
    alpha = ramp(middle * rng.uniform(0.3, 0.55) - button.r, 0.16) * rng.uniform(0.3, 0.9)
    lay(sprite, heart, alpha)
    return sprite


def dandelion(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a dandelion in flower: many narrow yellow straps, shorter toward the middle."""
    face = plane(radius, squash=view.squash, turn=view.turn)
    sprite = blank(face)
    hue = rng.uniform(0.125, 0.16)
    whorls = int(rng.integers(5, 7))
    for whorl in range(whorls):
        share = whorl / (whorls - 1)
        length = 0.97 - 0.74 * share**1.1
        tip = hsv(hue - 0.012 * share, 0.93, 1.0 - 0.05 * share)
        lifted = plane(radius, squash=view.squash, turn=view.turn, lift=0.28 * share * (1 - view.squash))
        count = 2 * int(round((26 - 14 * share) * rng.uniform(0.9, 1.15)))
        rays(
            sprite, lifted, rng, count=count, length=length, width=2.3 * length**0.7 / count, profile=blunt_tip,
            base=hsv(hue - 0.03, 0.98, 0.72), tip=tip, light=view.light, start=rng.uniform(0, 6), ragged=0.07,
        )  # fmt: skip
    return sprite


def clock(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a dandelion's clock: a ball of seeds on thin stalks, each with its parachute."""
    zoom = 2
    half = int(np.ceil(radius * 1.08)) + 1
    size = 2 * half + 1
    middle = half * zoom
    hairs, stalks = Image.new("L", (size * zoom, size * zoom)), Image.new("L", (size * zoom, size * zoom))
    draw, draw_stalk = ImageDraw.Draw(hairs), ImageDraw.Draw(stalks)
    count = int(rng.integers(70, 130))
    # From some the wind has taken the seeds of one side: those farther that way than this, in radii.
    wind, beyond = rng.uniform(0, 6), rng.choice([2.0, 2.0, 2.0, 0.35])
    k = np.arange(count) + 0.5
    height = 1 - 2 * k / count
    angle = k * 2.39996 + rng.uniform(0, 6)
    flat = np.sqrt(1 - height**2)
    ends = np.stack([flat * np.cos(angle), flat * np.sin(angle)], axis=1) * radius * zoom * 0.86
    spread = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    for (x, y), depth, turn in zip(ends, height, rng.uniform(0, 6, count), strict=True):
        if np.cos(np.arctan2(y, x) - wind) * np.hypot(x, y) / (radius * zoom) > beyond + 0.2 * np.cos(turn):
            continue
        tone = int(150 + 80 * (depth + 1) / 2)
        draw_stalk.line((middle, middle, middle + x, middle + y), fill=tone, width=1)
        out = np.hypot(x, y) / (radius * zoom)
        tuft = radius * zoom * 0.17
        for a in spread + turn:
            dx, dy = np.cos(a) * tuft, np.sin(a) * tuft
            # Seen from the side at the ball's edge, a tuft is flat.
            along = (dx * x + dy * y) / max(np.hypot(x, y), 1e-6)
            squeeze = 1 - out * 0.8
            dx, dy = (d - along * (1 - squeeze) * c / max(np.hypot(x, y), 1e-6) for d, c in ((dx, x), (dy, y)))
            draw.line((middle + x, middle + y, middle + x + dx, middle + y + dy), fill=tone, width=1)
    face = plane(radius, reach=1.08)
    sprite = blank(face)
    fluff = np.asarray(hairs.resize((size, size), Image.Resampling.BOX), np.float32) / 255
    threads = np.asarray(stalks.resize((size, size), Image.Resampling.BOX), np.float32) / 255
    haze = (0.16 if beyond > 1 else 0.06) * np.clip(1 - (face.r / 0.95) ** 4, 0, 1)
    white = np.asarray(hsv(rng.uniform(0.05, 0.6), rng.uniform(0, 0.06), rng.uniform(0.85, 1.0)), np.float32)
    lit = 1 + 0.12 * face.r * np.cos(face.theta - view.light)
    lay(sprite, white * lit[..., None] * 0.86, haze)
    lay(sprite, (0.6, 0.56, 0.48), threads * 0.6)
    lay(sprite, white * lit[..., None], np.clip(fluff * 1.5, 0, 0.95))
    lay(sprite, hsv(0.09, 0.4, rng.uniform(0.3, 0.55)), ramp(0.13 - face.r, 0.05) * 0.9)
    return sprite
