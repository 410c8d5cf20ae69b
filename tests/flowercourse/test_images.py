"""Images of all the kinds that lie in people's folders are read as a person sees them, or refused by name."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flowercourse import images
from flowercourse.errors import CourseError
from tests.conftest import tries

RED = (220, 30, 40)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    return Image.new("RGB", size, RED).convert(mode)


@pytest.mark.parametrize(
    "data",
    [
        encoded(plain()),
        encoded(plain("CMYK")),
        encoded(plain(), "PNG"),
        encoded(plain().quantize(4), "PNG"),
        encoded(plain(), "BMP"),
        encoded(plain(), "WEBP", lossless=True),
        encoded(plain().quantize(4), "GIF"),
        encoded(plain(), "TIFF"),
    ],
    ids=["JPEG", "CMYK JPEG", "PNG", "palette PNG", "BMP", "WebP", "GIF", "TIFF"],
)
def test_every_usual_format_gives_the_same_colors(data):
    pixels = images.decode(data)
    assert pixels.shape == (30, 40, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - RED).max() <= 6


def test_the_content_counts_and_not_the_extension(tmp_path):
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(encoded(plain(), "PNG"))
    assert images.decode(path)[0, 0].tolist() == list(RED)


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grayscale_gets_three_equal_channels(mode):
    pixels = images.decode(encoded(plain(mode), "PNG"))
    assert pixels.shape == (30, 40, 3)
    assert (pixels == pixels[..., :1]).all()


def test_sixteen_bits_a_pixel_keep_their_brightness():
    half = Image.fromarray(np.full((4, 5), 32768, np.uint16))
    assert images.decode(encoded(half, "PNG"))[0, 0].tolist() == [128, 128, 128]


def test_transparent_parts_become_white():
    assert images.decode(encoded(Image.new("RGBA", (3, 3), (0, 0, 0, 0)), "PNG")).min() == 255


def test_one_pixel_is_an_image():
    assert images.decode(encoded(plain(size=(1, 1)))).shape == (1, 1, 3)


def test_a_sideways_photograph_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    assert images.decode(encoded(plain(), exif=exif)).shape == (40, 30, 3)
    assert not images.is_plain_jpeg(encoded(plain(), exif=exif))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encoded(plain(size=(200, 200)))[:-300], "cut off"),
        (b"roses are red", "no picture"),
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0", "no picture"),
    ],
    ids=["truncated", "text", "empty", "only a JPEG's first bytes"],
)
def test_what_is_no_whole_image_is_refused_with_its_path(tmp_path, data, reason):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(CourseError, match=reason) as refused:
        images.decode(path)
    assert str(path) in str(refused.value)


def test_a_missing_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(CourseError, match="nowhere.jpg was not read: no such file"):
        images.decode(tmp_path / "nowhere.jpg")


def test_a_decompression_bomb_is_refused_before_it_takes_memory():
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(CourseError, match="pixels"):
        images.decode(bomb)


@settings(max_examples=tries(60), deadline=None)
@given(position=st.integers(2, 2000), value=st.integers(0, 255), cut=st.integers(1, 3000))
def test_damage_anywhere_gives_an_image_or_a_course_error(position, value, cut):
    data = bytearray(encoded(Image.effect_noise((64, 64), 60).convert("RGB")))
    data[position % len(data)] = value
    try:
        pixels = images.decode(bytes(data[:cut] if cut % 2 else data))
    except CourseError:
        return
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3


def test_a_plain_jpeg_is_what_tensorflow_reads_the_same_way():
    import tensorflow as tf

    data = encoded(Image.effect_noise((48, 36), 40).convert("RGB"), quality=95)
    assert images.is_plain_jpeg(data)
    difference = np.abs(tf.io.decode_jpeg(data, channels=3).numpy().astype(int) - images.decode(data))
    assert difference.max() <= 8
    assert difference.mean() < 1.5
    assert not images.is_plain_jpeg(encoded(plain("CMYK")))
    assert not images.is_plain_jpeg(encoded(plain(), "PNG"))


def test_avif_is_read_where_pillow_can():
    from PIL import features

    if not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 40, 90)).save(file, "AVIF")
    found = images.decode(file.getvalue())
    assert found.shape == (6, 8, 3)
    assert np.abs(found.astype(int) - (200, 40, 90)).max() < 12


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_what_telephones_write_is_named_with_the_way_out(tmp_path, brand):
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00mif1" + bytes(40))
    with pytest.raises(CourseError) as refused:
        images.decode(path)
    assert "IMG_0001.HEIC was not read: it is in the format HEIC, which is not read here" in str(refused.value)
    assert "export JPEG" in str(refused.value)
