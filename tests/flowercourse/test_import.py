"""`import flowercourse` costs nothing, and its two names do what the exercises say."""

from __future__ import annotations

import subprocess
import sys

import pytest


def python(code: str, **environment: str) -> str:
    """Run `code` in a fresh interpreter and return what it prints."""
    import os

    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_library_imports_neither_tensorflow_nor_tfds():
    modules = "flowercourse, flowercourse.datasets, flowercourse.backbones, flowercourse.cli, flowercourse.images"
    heavy = "{'tensorflow', 'tensorflow_datasets', 'tf_keras', 'tensorflow_hub', 'matplotlib'}"
    assert python(f"import {modules}, sys; print({heavy} & set(sys.modules))").strip() == "set()"


def test_the_commands_help_imports_no_tensorflow():
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom flowercourse.cli import main\n"
        "print(CliRunner().invoke(main, ['--help']).exit_code, 'tensorflow' in sys.modules)"
    )
    assert python(code).split() == ["0", "False"]


def test_tfds_loads_the_courses_data_set_without_further_arguments(tmp_path):
    code = (
        "import flowercourse, tensorflow_datasets as tfds\n"
        "data, info = tfds.load(flowercourse.DATASET, split='train[:70%]', as_supervised=True, with_info=True)\n"
        "image, label = next(iter(data))\n"
        "print(flowercourse.DATASET, len(data), info.features['label'].names, image.dtype.name, label.dtype.name)"
    )
    # TFDS's own directory is elsewhere, and empty.
    printed = python(code, TFDS_DATA_DIR=str(tmp_path))
    names = "['dandelion', 'daisy', 'tulips', 'sunflowers', 'roses']"
    assert printed.strip() == f"mini_flowers 840 {names} uint8 int64"


def test_an_unknown_name_is_an_attribute_error():
    import flowercourse

    with pytest.raises(AttributeError, match="no attribute 'DATASETS'"):
        flowercourse.DATASETS  # noqa: B018
    assert "DATASET" in dir(flowercourse)
