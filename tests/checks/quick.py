"""A reference whose secret pictures are made up: computing real ones takes longer than these tests."""

from __future__ import annotations

import numpy as np

from autograder.checking.reference import Reference
from autograder.checking.secret_pictures import Overview, SecretPictures, drawn
from flowercourse.backbones.registry import find


class QuickReference(Reference):
    """As always, but for features of secret pictures that are noise."""

    def secret_pictures(self, backbone: str = "mobilenet_v2") -> SecretPictures:
        """Return two pictures with features that no backbone gives."""
        spec, rng = find(backbone), np.random.default_rng(0)
        features = rng.random((2, spec.num_features)).astype(np.float32)
        return SecretPictures(drawn(2, spec.image_size, rng), features)

    overview = Overview(*(np.zeros((32, 7, 7, 3), np.float32) for _ in range(3)))
    """Pictures in the dark."""
