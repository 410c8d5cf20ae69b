"""What the explorer of predictions shows is what the head says, and its maps are exact."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from flowercourse import backbones, explorer, features
from flowercourse.errors import CourseError


@pytest.fixture(scope="module")
def known():
    """The course's features."""
    return features.extract("mobilenet_v2")


@pytest.fixture(scope="module")
def head(known):
    """The weights of some linear head."""
    classes = len(known.dataset.class_names)
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.05, (known.x.shape[1], classes)), rng.normal(0, 0.1, classes)


@pytest.fixture(scope="module")
def made(known, head):
    """What a page gets to show."""
    return explorer.explorable(known, *head)


@pytest.mark.notebook
def test_pictures_are_those_of_the_validation_part_with_the_logits_of_the_head(known, head, made):
    x, y = known.split()[1]
    shown = np.unique(np.linspace(0, len(y) - 1, min(len(y), explorer.MOST_PICTURES)).astype(int))
    assert made.data["labels"] == y[shown].tolist()
    np.testing.assert_allclose(made.data["logits"], x[shown] @ head[0] + head[1], atol=1e-3)
    assert made.data["of"] == len(y)


@pytest.mark.notebook
def test_the_shares_of_all_places_and_the_bias_add_up_to_the_logit(made, head):
    for logits, label, maps in zip(made.data["logits"], made.data["labels"], made.data["maps"], strict=True):
        assert set(maps) == {str(label), str(int(np.argmax(logits)))}
        for name, shares in maps.items():
            assert len(shares) == np.prod(made.data["shape"])
            total = sum(shares) * made.data["unit"] + head[1][int(name)]
            assert total == pytest.approx(logits[int(name)], abs=0.03)  # half a unit at each of 49 places


@pytest.mark.notebook
def test_neighbors_are_the_training_pictures_with_the_most_similar_features(known, made):
    from tests.flowercourse.test_sheets import cut

    training = np.asarray(known.split()[0][0], float)
    x = np.asarray(known.split()[1][0], float)[0]
    cosines = training @ x / np.linalg.norm(training, axis=1) / np.linalg.norm(x)
    best = np.argsort(-cosines)[:3]
    place = made.data["nearest"][0]
    assert [made.data["neighbors"]["labels"][one] for one in place] == known.y[best].tolist()
    np.testing.assert_allclose(made.data["similar"][0], cosines[best], atol=1e-3)
    image = next(iter(known.dataset.load(f"train[{best[0]}:{best[0] + 1}]").as_numpy_iterator()))[0]
    side = explorer.SMALL_SIDE
    shown = cut(Image.open(io.BytesIO(made.neighbors)), place[0], side, explorer.SMALL_COLUMNS)
    assert np.abs(shown - np.asarray(Image.fromarray(image).resize((side, side)), float)).mean() < 14  # JPEG


@pytest.mark.notebook
def test_places_on_the_map_fill_it_and_keep_some_of_the_variance(made):
    at = np.array(made.data["at"])
    assert (at.min(axis=0).tolist(), at.max(axis=0).tolist()) == ([0, 0], [1, 1])
    assert 0 < made.data["kept"] <= 1


@pytest.mark.notebook
def test_all_of_it_stays_small(made):
    import json

    assert len(json.dumps(made.data)) + len(made.pictures) + len(made.neighbors) < 4e6


@pytest.mark.notebook
@pytest.mark.parametrize("name", ["mobilenet_v2", "inception_v3"])
def test_the_average_of_the_feature_maps_is_the_features(name):
    backbone = backbones.resolve(name, untrained=True)
    images = np.random.default_rng(0).random((3, *backbone.spec.input_shape), np.float32)
    maps = features.maps_of_images(images, backbone)
    assert maps.ndim == 4
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), features.of_images(images, backbone), atol=1e-4)


def test_a_backbone_without_maps_is_refused_in_words(small):
    with pytest.raises(CourseError, match="feature maps"):
        features.maps_of_images(np.zeros((1, 8, 8, 3)), small)
