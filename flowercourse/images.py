"""Decode image files as they come: grayscale, CMYK, sideways, transparent, or under the wrong extension."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from flowercourse.errors import CourseError

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Names that a folder of images may use. What a file really holds is read from its content.
EXTENSIONS = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif", ".heic"))
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF")
# A photograph of 100 megapixels is a mistake or an attack; it would need 300 MB of memory.
MAX_PIXELS = 100_000_000
_ORIENTATION = 0x0112  # EXIF


def decode(source: bytes | str | os.PathLike[str]) -> np.ndarray:
    """Return the image in `source` as a person sees it.

    Animations give their first frame; transparent parts become white; photographs are turned the right way up.

    Args:
        source: The encoded file's content, or its path.

    Returns:
        uint8 (height, width, 3), red, green and blue from 0 to 255.

    Raises:
        CourseError: naming the path, if this is no image, or a damaged one.
    """
    import numpy as np

    name = "The picture" if isinstance(source, bytes) else os.fspath(source)
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        return np.asarray(_upright_rgb(data))
    except _unreadable() as error:
        raise CourseError(
            f"{name} was not read", _in_words(error, source), "Replace it by a whole JPEG or PNG file, or remove it"
        ) from error


def _upright_rgb(data: bytes) -> Image.Image:
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning)  # damaged EXIF data of an image that is whole
        if not data:
            raise ValueError("it is empty")
        image: Image.Image = Image.open(io.BytesIO(data), formats=_formats())
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"it has {image.width} x {image.height} pixels, and {MAX_PIXELS:,} are allowed")
        image.load()
        if image.getexif().get(_ORIENTATION, 1) != 1:
            image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):  # 16 bits a pixel; Pillow's own conversion would clip
            import numpy as np

            image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return image.convert("RGB")


def _formats() -> tuple[str, ...]:
    """Return the formats that Pillow reads here; whether AVIF is one depends on how it was built."""
    from PIL import features

    return (*_FORMATS, "AVIF") if features.check("avif") else _FORMATS


def _what_telephones_write(data: bytes) -> str:
    """Return the name of a telephone's format that Pillow does not read here; "" for anything else."""
    if data[4:8] != b"ftyp":
        return ""
    brands = data[8:64]
    return "AVIF" if b"avif" in brands else "HEIC" if b"hei" in brands or b"hev" in brands or b"mif1" in brands else ""


def is_plain_jpeg(data: bytes) -> bool:
    """Say whether `data` is an upright grayscale or RGB JPEG, which TensorFlow decodes as `decode` does."""
    from PIL import Image

    if not data.startswith(b"\xff\xd8"):
        return False
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            return image.mode in ("L", "RGB") and image.getexif().get(_ORIENTATION, 1) == 1
    except (OSError, ValueError, SyntaxError):
        return False


def _unreadable() -> tuple[type[Exception], ...]:
    """Return what Pillow raises for files that are no image, damaged, or far too large."""
    from PIL import Image

    too_large = Image.DecompressionBombError, Image.DecompressionBombWarning
    return (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error, *too_large)


def _in_words(error: Exception, source: bytes | str | os.PathLike[str]) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        data = source if isinstance(source, bytes) else Path(source).read_bytes()[:64]
        if name := _what_telephones_write(data):
            return f"it is in the format {name}, which is not read here; telephones and image programs can export JPEG"
        return "its content is no picture in a format known here (JPEG, PNG, BMP, GIF, WebP, TIFF)"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"it has more than the {MAX_PIXELS:,} pixels allowed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if "truncated" in str(error):
        return "the file is cut off"
    return str(error) or type(error).__name__
