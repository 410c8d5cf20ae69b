"""A small folder of images, with files among them that can't be used, and a report made from it."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

COLORS = {"blue bells": (60, 70, 200), "poppies": (200, 40, 30), "buttercups": (220, 200, 40)}
EPOCHS = 4


@pytest.fixture(scope="session")
def flower_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 3 x 20 noisy images of different sizes, a text file and a truncated JPEG.

    Processes that share the tests share the folder, so that its features are computed once.
    """
    unfinished = tmp_path_factory.mktemp("unfinished")
    _draw(unfinished)
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "garden"
    with contextlib.suppress(OSError):  # another process was faster
        unfinished.rename(folder)
    return folder


def _draw(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name, color in COLORS.items():
        (folder / name).mkdir()
        for number in range(20):
            height, width = rng.integers(60, 160, 2)
            pixels = rng.normal(color, 45, (height, width, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.jpg")
    whole = (folder / "poppies" / "00.jpg").read_bytes()
    (folder / "poppies" / "truncated.jpg").write_bytes(whole[: len(whole) // 3])
    (folder / "poppies" / "notes.txt").write_text("a gardener's notes", encoding="utf-8")


@pytest.fixture(scope="session")
def made(flower_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Run the pipeline with both backbones on the folder, Inception V3 untrained."""
    from solutions.pipeline import __main__ as pipeline

    out = tmp_path_factory.mktemp("report")
    arguments = ["--backbone", "mobilenet_v2", "inception_v3", "--dataset", str(flower_folder), "--out", str(out)]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert pipeline.main([*arguments, "--epochs", str(EPOCHS), "--seed", "1"]) == 0
    return SimpleNamespace(
        out=out,
        said=said.getvalue(),
        json=json.loads((out / "report.json").read_text(encoding="utf-8")),
        html=(out / "report.html").read_text(encoding="utf-8"),
    )
