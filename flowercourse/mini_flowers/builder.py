"""The TFDS builder of mini_flowers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from flowercourse.mini_flowers import CLASS_NAMES, NUM_PICTURES, workers
from flowercourse.mini_flowers import VERSION as _VERSION
from flowercourse.progress import progress_bar

_DESCRIPTION = """\
Pictures of dandelions, daisies, tulips, sunflowers and roses in gardens, drawn by a program, with the features and
labels of tf_flowers. It stands in for tf_flowers on machines that cannot download it.
"""


class MiniFlowers(tfds.core.GeneratorBasedBuilder):
    """Drawn flowers with the features and labels of tf_flowers."""

    VERSION = tfds.core.Version(_VERSION)
    RELEASE_NOTES = {_VERSION: "First release."}

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description=_DESCRIPTION,
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=list(CLASS_NAMES))}
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator[tuple[str, Any]]]:
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[str, dict[str, Any]]]:
        pictures = workers.draw_all(NUM_PICTURES)
        for number, jpeg in progress_bar("Drawing mini_flowers", "pictures", total=NUM_PICTURES, of=pictures):
            yield f"{number:05d}", {"image": jpeg, "label": number % len(CLASS_NAMES)}
