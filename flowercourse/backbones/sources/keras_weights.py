"""Makes a backbone from the ImageNet weights that Keras Applications publishes.

Their networks expect values in [-1, 1]; the SavedModel scales [0, 1] to that itself.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

from flowercourse.backbones.conversion import saved_model
from flowercourse.backbones.interface import NotHereError
from flowercourse.backbones.registry import BackboneSpec

STORAGE_URL = "https://storage.googleapis.com/tensorflow/keras-applications"
SILENCE_S = 10.0
# Where the weights without the classifier stand, and their MD5 as Keras gives it (it gives none for MobileNet V2).
FILES = {
    "mobilenet_v2": ("mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", None),
    "inception_v3": (
        "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "bcbd6486424b2319ff4ef7d526e38f63",
    ),
}


def build(spec: BackboneSpec) -> Any:
    """Return Keras Applications' network without its classifier and without weights, taking values in [0, 1]."""
    from tf_keras import applications, layers

    networks: dict[str, Callable] = {
        "mobilenet_v2": applications.MobileNetV2,
        "inception_v3": applications.InceptionV3,
    }
    images = layers.Input(spec.input_shape, name="images")
    scaled = layers.Rescaling(2.0, -1.0, name="scale")(images)
    return networks[spec.name](include_top=False, weights=None, input_tensor=scaled, pooling="avg")


def address(spec: BackboneSpec) -> str:
    """Return where Keras Applications has the backbone's weights, or would have them."""
    return f"{STORAGE_URL}/{FILES.get(spec.name, ('', None))[0]}"


def fetch(spec: BackboneSpec, directory: Path) -> str:
    """Download the weights and write the SavedModel into ``directory``; see `interface.Source`."""
    if spec.name not in FILES:
        raise NotHereError(f"it does not have {spec.title}")
    url = address(spec)
    weights = directory / "weights.h5"
    _download(url, weights, FILES[spec.name][1])
    model = build(spec)
    try:
        model.load_weights(str(weights))
    except (ValueError, KeyError, OSError) as error:
        raise NotHereError(f"the file from {url} does not fit the network ({error})") from error
    weights.unlink()
    saved_model.export(model, directory)
    return f"Keras Applications ({url})"


def _download(url: str, path: Path, md5: str | None) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with urllib.request.urlopen(url, timeout=SILENCE_S) as answer:  # noqa: S310 (a constant https address)
            announced = answer.headers.get("Content-Length")
            blocks = []
            while block := answer.read(1 << 20):
                digest.update(block)
                blocks.append(block)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise NotHereError(f"the download from {url} failed ({error})") from error
    if announced is not None and sum(map(len, blocks)) != int(announced):
        raise NotHereError(f"the download from {url} was cut short")
    if md5 is not None and digest.hexdigest() != md5:
        raise NotHereError(f"the file from {url} is not the one that Keras describes (its MD5 is another)")
    with path.open("wb") as file:
        file.writelines(blocks)
