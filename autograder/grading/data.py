"""Has the data ready before learners' notebooks run, and says where it is.

    python -m autograder.grading.data      # prints what it found, as JSON

Inside the sandbox nothing can be downloaded, and the cache cannot be written: what is missing would be computed again
for every submission. So it is made once, before the first one, in a process of its own that ends with TensorFlow in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from flowercourse.environment import quiet
from flowercourse.errors import CourseError


@dataclass(frozen=True)
class Ready:
    """What is ready.

    Attributes:
        environment: the variables that say where it is.
        features: folder of each backbone's features; its name tells data, weights and preprocessing.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, str] = field(default_factory=dict)


def ready_data(pinned: Mapping[str, str] | None = None) -> Ready:
    """Prepare what is missing of data set, backbones and features.

    Args:
        pinned: variables that take the place of this process's own.

    Raises:
        CourseError: there is no data set.
    """
    done = subprocess.run(
        [sys.executable, "-m", "autograder.grading.data"],
        stdout=subprocess.PIPE,
        text=True,
        env=quiet(os.environ | dict(pinned or {})),
    )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if done.returncode != 0 or not last.startswith("{"):
        raise CourseError("the course's data is not ready", "see above", "run flowercourse prepare --features")
    return Ready(**json.loads(last))


def _prepare() -> Ready:
    from flowercourse import backbones, datasets, features, paths

    # Nobody's grade may depend on whether a download worked here: where no trained weights can be had, checks judge by
    # the features of untrained ones.
    os.environ.setdefault("FLOWERCOURSE_UNTRAINED", "1")
    dataset = datasets.find()
    found = {}
    for name in backbones.BACKBONES:
        try:
            found[name] = str(features.extract(name, dataset).path)
        except CourseError as error:  # notebooks that need it say so too
            print(f"{name}: {error}", file=sys.stderr)
    environment = {
        "FLOWERCOURSE_CACHE": str(paths.cache_dir()),
        "FLOWERCOURSE_UNTRAINED": os.environ["FLOWERCOURSE_UNTRAINED"],
        "FLOWERCOURSE_DATASET": os.environ.get("FLOWERCOURSE_DATASET") or dataset.name,
        "TFDS_DATA_DIR": str(dataset.data_dir),
    }
    return Ready(environment, found)


if __name__ == "__main__":
    try:
        print(json.dumps(asdict(_prepare())))
    except CourseError as error:
        sys.exit(str(error))
