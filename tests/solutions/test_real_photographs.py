"""On the real photographs, the head is as good as the course says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flowercourse import datasets, features
from solutions.training.transfer import HeadSettings, train_head


@pytest.mark.real_data
@pytest.mark.notebook
@pytest.mark.timeout(900)
def test_mobilenet_v2_reaches_a_validation_accuracy_of_0_885_after_six_epochs(real_data_dir: Path) -> None:
    dataset = datasets.find("tf_flowers", data_dir=real_data_dir)
    found = features.extract("mobilenet_v2", dataset, untrained=False)
    training, validation = found.split("70/30")
    accuracies = [
        train_head(training, validation, num_classes=5, settings=HeadSettings(epochs=6, seed=seed)).history[
            "val_accuracy"
        ][-1]
        for seed in (0, 1, 2)
    ]
    assert len(validation[1]) == 1101
    assert np.mean(accuracies) >= 0.885
