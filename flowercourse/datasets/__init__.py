"""The course's data: where it was found, what is in it, and how to read it.

Everything is a data set that TFDS has prepared, with the two features ``image`` (uint8, height x width x 3, sizes vary)
and ``label`` (int64), and one split, ``train``, which `split_names` cuts into parts:

- ``tf_flowers``, 3,670 photographs, where it is prepared already or can be downloaded;
- ``mini_flowers``, drawn on this machine, otherwise;
- any folder with one sub-folder a class.

Nothing here imports TensorFlow until a data set is prepared or read.
"""

from __future__ import annotations

from flowercourse.datasets.prepared import Dataset
from flowercourse.datasets.sources import Attempt, find, look_up, register
from flowercourse.splits import split_names, split_ranges

__all__ = ["Attempt", "Dataset", "find", "look_up", "register", "split_names", "split_ranges"]
