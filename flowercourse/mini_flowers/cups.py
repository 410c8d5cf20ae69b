"""Heads shaped like cups: tulips, and roses with their whorls of petals."""

from __future__ import annotations

import numpy as np

from flowercourse.mini_flowers.daisies import View, rays
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


def _tulip_color(rng: np.random.Generator) -> Color:
    return [
        hsv(rng.uniform(-0.03, 0.02), rng.uniform(0.8, 0.95), rng.uniform(0.7, 0.95)),  # red
        hsv(rng.uniform(0.9, 0.96), rng.uniform(0.4, 0.75), rng.uniform(0.85, 1.0)),  # pink
        hsv(rng.uniform(0.12, 0.15), rng.uniform(0.75, 0.95), rng.uniform(0.92, 1.0)),  # yellow
        hsv(0.12, rng.uniform(0.0, 0.14), rng.uniform(0.93, 1.0)),  # white
        hsv(rng.uniform(0.78, 0.86), rng.uniform(0.5, 0.8), rng.uniform(0.4, 0.75)),  # purple
        hsv(rng.uniform(0.04, 0.08), rng.uniform(0.75, 0.95), rng.uniform(0.9, 1.0)),  # orange
    ][int(rng.choice(6, p=[0.24, 0.2, 0.2, 0.12, 0.12, 0.12]))]


def _rose_color(rng: np.random.Generator) -> Color:
    return [
        hsv(rng.uniform(-0.04, 0.005), rng.uniform(0.82, 0.97), rng.uniform(0.55, 0.88)),  # red
        hsv(rng.uniform(0.91, 0.98), rng.uniform(0.25, 0.7), rng.uniform(0.85, 1.0)),  # pink
        hsv(0.1, rng.uniform(0.02, 0.16), rng.uniform(0.92, 1.0)),  # white
        hsv(rng.uniform(0.11, 0.14), rng.uniform(0.55, 0.9), rng.uniform(0.92, 1.0)),  # yellow
        hsv(rng.uniform(0.03, 0.07), rng.uniform(0.45, 0.8), rng.uniform(0.92, 1.0)),  # apricot
        hsv(rng.uniform(0.8, 0.88), rng.uniform(0.3, 0.6), rng.uniform(0.6, 0.85)),  # lilac
    ][int(rng.choice(6, p=[0.28, 0.28, 0.13, 0.14, 0.1, 0.07]))]


def tulip(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a tulip from the side: a cup of three petals before two or three others."""
    face = plane(radius, turn=rng.normal(0, 0.1))
    sprite = blank(face)
    color = _tulip_color(rng)
    edge = tuple(mix(color, _tulip_color(rng), rng.choice([0.0, 0.0, 0.15, 0.6])))
    foot = tuple(mix(color, hsv(rng.uniform(0.13, 0.25), 0.5, 0.85), rng.uniform(0.1, 0.8)))
    opening = rng.uniform(0.0, 0.42)
    slim = rng.uniform(0.8, 1.12)
    x, up = face.u / np.float32(slim), (0.96 - face.v) / np.float32(1.9)  # up: 0 at the stalk, 1 at the tips
    streaks = rng.uniform(14, 30), rng.uniform(0, 6)
    # (offset of the middle, lean outward, width, height, tone), from the back to the front
    petals = [
        (-0.22, -0.5 * opening, 0.4, rng.uniform(0.9, 1.0), 0.7),
        (0.24, 0.5 * opening, 0.4, rng.uniform(0.9, 1.0), 0.66),
        (0.02, 0.0, 0.36, rng.uniform(0.92, 1.0), 0.6),
        (-0.34, -1.0 * opening - 0.04, 0.42, rng.uniform(0.86, 0.98), 0.92),
        (0.34, 1.0 * opening + 0.04, 0.42, rng.uniform(0.86, 0.98), 0.84),
        (rng.uniform(-0.14, 0.14), rng.uniform(-0.1, 0.1), 0.47, rng.uniform(0.78, 0.95), 1.0),
    ]
    for middle, lean, width, height, tone in petals:
        t = up / np.float32(height)
        inside = np.clip(t, 0, 1)
        center = middle * np.sin(np.clip(inside * 1.9, 0, 1.57)) + lean * inside**2
        half = width * 1.22 * inside**0.42 * (1 - inside ** rng.uniform(2.6, 4.2)) ** 0.8
        q = x - center.astype(np.float32)
        alpha = ramp(half - np.abs(q), face.pixel * 1.5) * (t > 0) * (t < 1)
        across = q / np.maximum(half, 1e-3)
        curve = 1 - 0.24 * across**2 + 0.12 * across * np.cos(view.light) + 0.08 * (inside - 0.5)
        veins = 0.035 * np.cos(across * streaks[0] + streaks[1]) * (1 - np.abs(across))
        rim = np.clip(np.abs(across) * 1.2 - 0.35 + np.clip(inside - 0.75, 0, 1) * 2.2, 0, 1)
        shown = mix(color, edge, rim) * (1 - 0.55 * np.exp(-inside * 7))[..., None]
        shown += np.asarray(foot, np.float32) * (0.55 * np.exp(-inside * 7))[..., None]
        darken(sprite, 1 - 0.35 * ramp(half * 1.1 - np.abs(q), 0.12) * (t > 0) * (t < 1.03))
        lay(sprite, shown * (tone * np.clip(curve + veins, 0.3, 1.25))[..., None], alpha)
    return sprite


def open_tulip(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a tulip from above: six broad petals around a dark star and stamens."""
    face = plane(radius, squash=view.squash, turn=view.turn)
    sprite = blank(face)
    color = _tulip_color(rng)
    heart = hsv(rng.uniform(0.1, 0.2), 0.7, 0.8) if rng.random() < 0.5 else hsv(rng.uniform(0.6, 0.8), 0.5, 0.18)
    rays(
        sprite, face, rng, count=6, length=0.94, width=rng.uniform(0.34, 0.42), profile=_egg,
        base=tuple(mix(heart, color, 0.35)), tip=color, light=view.light, start=rng.uniform(0, 6), ridges=5,
        jitter=0.06,
    )  # fmt: skip
    darken(sprite, 1 - 0.45 * np.exp(-np.square(face.r / 0.4)))
    star = 0.2 + 0.07 * np.cos(6 * face.theta)
    lay(sprite, heart, ramp(star - face.r, 0.08) * 0.85)
    for angle in np.linspace(0, 2 * np.pi, 6, endpoint=False) + rng.uniform(0, 1):
        away = np.hypot((face.u - 0.2 * np.cos(angle)) * 2, (face.v - 0.2 * np.sin(angle)) * 2)
        lay(sprite, hsv(0.12, 0.5, 0.25), ramp(0.1 - away, 0.05))
    lay(sprite, hsv(0.2, 0.45, 0.75), ramp(0.08 - face.r, 0.04))
    return sprite


def _egg(t: Array) -> Array:
    t = np.clip(t, 0, 1)
    return 1.25 * t**0.6 * np.sqrt(np.clip(1 - t**3.5, 0, 1))


def rose(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a rose: whorl upon whorl of round petals that curl around a closed heart."""
    face = plane(radius, squash=view.squash, turn=view.turn)
    sprite = blank(face)
    color = _rose_color(rng)
    rim = tuple(mix(color, (1.0, 0.97, 0.94), rng.uniform(0.08, 0.4)))
    deep = tuple(c * f for c, f in zip(color, (rng.uniform(0.42, 0.62),) * 3, strict=True))
    count = int(rng.integers(15, 27))
    outer = rng.uniform(0.52, 0.62)
    turn = rng.uniform(0, 6)
    for petal in range(count):
        share = petal / (count - 1)
        # Petals follow one another at the golden angle; each whorl stands higher and closer to the heart.
        angle = turn + 2.39996 * petal + rng.normal(0, 0.15)
        size = outer * (1 - share) ** 0.8 + 0.1
        offset = 0.44 * (1 - share) ** 1.15 + 0.02
        lift = 0.5 * share * (1 - view.squash)
        place = (offset * np.cos(angle), offset * np.sin(angle) - lift)
        _rose_petal(sprite, face, rng, place, angle, size, (color, rim, deep), view.light, share)
    return sprite


def rosebud(rng: np.random.Generator, radius: float, view: View) -> Array:
    """Return a rose from the side: petals wrapped around one another, with curled rims, on green sepals."""
    radius *= 0.85
    face = plane(radius, turn=rng.normal(0, 0.12))
    sprite = blank(face)
    color = _rose_color(rng)
    rim = tuple(mix(color, (1.0, 0.97, 0.94), rng.uniform(0.15, 0.45)))
    opening = rng.uniform(0.0, 0.3)
    up = (0.92 - face.v) / np.float32(1.84)
    # (offset of the middle, half width, height, tone), from the back to the front
    petals = [
        (0.0, 0.46, 0.97, 0.62), (-0.16, 0.4, 0.94, 0.7), (0.2, 0.4, 0.91, 0.76), (0.03, 0.36, 0.86, 0.84),
        (-0.3 - opening, 0.46, rng.uniform(0.74, 0.88), 0.9), (0.32 + opening, 0.46, rng.uniform(0.7, 0.84), 0.94),
        (rng.uniform(-0.15, 0.15), 0.52, rng.uniform(0.6, 0.76), 1.0),
    ]  # fmt: skip
    for middle, width, height, tone in petals:
        t = up / np.float32(height)
        inside = np.clip(t, 0, 1)
        half = width * 1.25 * inside**0.4 * (1 - inside**9) ** 0.5
        q = face.u - np.float32(middle) * inside**0.8
        across = q / np.maximum(half, 1e-3)
        top = t + 0.07 * across**2 + 0.03 * np.cos(across * 5 + middle * 9)  # the rim is wavy
        alpha = ramp(half - np.abs(q), face.pixel * 1.5) * (t > 0) * ramp(1 - top, face.pixel * 2)
        curl = np.clip((top - 0.84) / 0.16, 0, 1)
        shade = tone * (0.72 + 0.3 * inside - 0.2 * across**2 + 0.12 * across * np.cos(view.light))
        darken(sprite, 1 - 0.35 * ramp(half * 1.1 - np.abs(q), 0.12) * (t > 0) * ramp(1.04 - top, 0.08))
        lay(sprite, mix(color, rim, curl) * np.clip(shade, 0.3, 1.2)[..., None], alpha)
    for side in (-0.5, 0.0, 0.5):
        half = 0.09 * np.sqrt(np.clip(up * 8, 0, 1)) * np.clip(1 - up * 3.2, 0, 1)
        green = hsv(0.28, 0.5, 0.42 + 0.1 * side)
        lay(sprite, green, ramp(half - np.abs(face.u - side * np.clip(up * 2.4, 0, 1)), face.pixel * 2) * (half > 0))
    return sprite


def _rose_petal(
    sprite: Array, face: Plane, rng: np.random.Generator, place: tuple[float, float], angle: float, size: float,
    colors: tuple[Color, Color, Color], light: float, share: float,
) -> None:  # fmt: skip
    color, rim, deep = colors
    waves = rng.uniform(0, 6, 2)
    near = np.hypot(face.u - place[0], face.v - place[1]) < size * 1.5
    rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
    if not len(rows):
        return
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    sprite = sprite[part]
    u, v = face.u[part] - np.float32(place[0]), face.v[part] - np.float32(place[1])
    away, around = np.hypot(u, v), np.arctan2(v, u)
    edge = np.float32(size) * (1 + 0.05 * np.cos(3 * around + waves[0]) + 0.03 * np.cos(7 * around + waves[1]))
    depth = away / edge  # 0 in its middle, 1 at its rim
    darken(sprite, 1 - 0.36 * np.exp(-np.square(np.maximum(depth - 1, 0) / 0.18)))
    # The outer side of a petal curls out and catches the light; the inner side sinks into the shade of the next.
    outward = np.cos(around - np.float32(angle))
    fold = np.clip((depth - 0.55) / 0.45, 0, 1) * (0.45 + 0.55 * np.clip(outward + 0.4, 0, 1))
    shown = mix(deep, color, np.clip(depth * 1.1 - 0.1, 0, 1))
    shown += (np.asarray(rim, np.float32) - shown) * np.square(fold)[..., None]
    tone = 1 + 0.16 * np.cos(around - np.float32(light)) * depth - 0.14 * (1 - outward) * (0.6 + 0.4 * share)
    lay(sprite, shown * np.clip(tone, 0.35, 1.2)[..., None], ramp(edge - away, face.pixel * 1.5))
