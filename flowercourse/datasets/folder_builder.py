"""The TFDS builder behind a folder of images (apart from `folder`, because defining it imports TFDS)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds


class FolderBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Prepares one folder's images; once prepared, TFDS reads them without this class."""

    def __init__(
        self,
        *,
        name: str,
        version: str,
        class_names: list[str],
        examples: Iterable[tuple[str, dict[str, Any]]],
        description: str,
        data_dir: Path,
        in_order: bool,
    ) -> None:
        self.name = name
        self.VERSION = tfds.core.Version(version)
        self._class_names = class_names
        self._examples = examples
        self._description = description
        self._in_order = in_order
        super().__init__(data_dir=data_dir)

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description=self._description,
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=self._class_names)}
            ),
            supervised_keys=("image", "label"),
            disable_shuffling=self._in_order,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):  # type: ignore[no-untyped-def]
        return {"train": self._examples}

    def _generate_examples(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError("the examples are given to the constructor")
