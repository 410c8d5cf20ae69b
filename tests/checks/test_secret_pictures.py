"""Pictures that no learner has seen tell a real backbone from one that looks answers up."""

from __future__ import annotations

import os
import subprocess

import numpy as np
import pytest

from autograder.authoring.course import Course
from autograder.authoring.sources import load_all
from autograder.checking import heads, secret_pictures
from autograder.checking.messages import Failed
from autograder.checking.reference import Reference
from autograder.checking.values import Function
from autograder.conversation.session import LocalSession, Target


def extractor_of(function):
    """Return a learner's function as checks see it."""
    return Function(LocalSession({"extractor": function}), Target("extractor"), "extractor")


FEATURES = np.random.default_rng(0).random((2, 5)).astype(np.float32)
IMAGES = secret_pictures.drawn(2, 16, np.random.default_rng(1))


@pytest.mark.parametrize("function", [lambda x: FEATURES, lambda x: FEATURES + np.float32(1e-3)])
def test_a_backbone_that_gives_the_same_but_for_rounding_is_a_real_one(function):
    heads.expect_extracts(extractor_of(function), IMAGES, FEATURES)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: FEATURES[::-1],
        lambda x: np.zeros_like(FEATURES),
        lambda x: np.repeat(FEATURES.mean(axis=0, keepdims=True), 2, axis=0),
        lambda x: np.full_like(FEATURES, np.nan),
        lambda x: FEATURES[:1],
        lambda x: FEATURES.tolist(),
        lambda x: None,
    ],
    ids=["other order", "zeros", "the mean", "not numbers", "one row", "a list", "nothing"],
)
def test_one_that_gives_something_else_is_not(function):
    with pytest.raises(Failed):
        heads.expect_extracts(extractor_of(function), IMAGES, FEATURES)


def test_from_afar_pictures_look_alike_whatever_resized_them_and_others_do_not():
    small = secret_pictures.drawn(3, 56, np.random.default_rng(2))
    large = small.repeat(4, axis=1).repeat(4, axis=2)
    here, there = secret_pictures.seen_from_afar(small), secret_pictures.seen_from_afar(large)
    assert here.shape == (3, 7, 7, 3)
    assert np.allclose(here, there, atol=1e-6)
    assert np.abs(here - there[::-1]).mean(axis=(1, 2, 3))[0] > 0.05


def test_where_no_secret_pictures_can_be_made_nobody_loses_a_point(monkeypatch, capfd):
    def fails(*args, **kwargs):
        raise subprocess.CalledProcessError(1, args[0])

    monkeypatch.setattr(subprocess, "run", fails)
    assert Reference().two_secret_pictures("mobilenet_v2", np.random.default_rng(0)) is None
    assert "mobilenet_v2: checked without pictures of our own" in capfd.readouterr().err


@pytest.mark.notebook
def test_what_the_checks_will_need_is_made_before_anybody_asks(tmp_path, monkeypatch):
    secret_pictures.make_shared(str(tmp_path), ["mobilenet_v2"], os.environ)
    monkeypatch.setenv(secret_pictures.FOLDER, str(tmp_path))
    monkeypatch.setattr(secret_pictures, "_archive", lambda *_: pytest.fail("made again"))
    images, features = Reference().two_secret_pictures("mobilenet_v2", np.random.default_rng(0))
    assert (images.shape, features.shape) == ((2, 224, 224, 3), (2, 1280))


def test_each_assignment_says_which_secret_pictures_its_checks_need():
    needed = {name: Course().needs_secret_pictures(one.module) for name, one in load_all().items()}
    assert {name: backbones for name, backbones in needed.items() if backbones} == {
        "01-preprocessing": ("overview",),
        "02-mobilenet-v2": ("mobilenet_v2", "overview"),
        "03-inception-v3": ("inception_v3",),
    }
