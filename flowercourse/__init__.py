"""Transfer learning for images: the library that the lessons and exercises import.

    import flowercourse
    # the course's data set, whichever this machine has
    tfds.load(flowercourse.DATASET, ...)
    # a backbone, from wherever this machine has it
    hub.KerasLayer(flowercourse.handle("mobilenet_v2"))

Importing this imports neither TensorFlow nor TFDS; they come with the first use. Import it before them: it settles
which Keras ``tf.keras`` is (`flowercourse.startup`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowercourse import startup

startup.prepare()

if TYPE_CHECKING:
    DATASET: str

__all__ = ["DATASET", "handle"]


def handle(name: str, *, untrained: bool | None = None) -> str:
    """Return what ``hub.KerasLayer`` takes to load the backbone `name`, from the first source that works.

    Args:
        name: ``"mobilenet_v2"`` or ``"inception_v3"``.
        untrained: Whether untrained weights may be used as the last resort; None: as ``FLOWERCOURSE_UNTRAINED`` says.

    Raises:
        flowercourse.errors.CourseError: if no source works, with what was tried.
    """
    from flowercourse import backbones

    return backbones.handle(name, untrained=untrained)


def __getattr__(name: str) -> str:
    # Found on first use, then an ordinary attribute.
    if name != "DATASET":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from flowercourse import datasets

    value = datasets.register(datasets.find())
    globals()["DATASET"] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), "DATASET"})
