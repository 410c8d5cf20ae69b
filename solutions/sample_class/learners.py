"""What each learner of the sample class handed in, and the points that it deserves."""

from __future__ import annotations

from solutions.sample_class.recipes import Submission, added, changed, emptied, of_version, solved, tagged, without

# Tries what gets points out of nbgrader: an input transformer that empties check cells, NumPy's comparisons and the
# checks' own functions replaced, the kernel's messages forged.
CHEATING = """\
import builtins, sys
import numpy as np

get_ipython().input_transformers_cleanup.append(lambda lines: [] if "checks." in "".join(lines) else lines)
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
np.allclose = np.array_equal = lambda *a, **k: True
builtins.all = builtins.any = lambda values: True


class Agrees(float):
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __hash__ = float.__hash__


for module in list(sys.modules.values()):
    if "checks" in getattr(module, "__name__", ""):
        for name in dir(module):
            if callable(getattr(module, name)):
                try:
                    setattr(module, name, lambda *a, **k: None)
                except Exception:
                    pass
"""

CLASS = [
    Submission("learner-01", "01-preprocessing", "everything right", (solved(),), 20),
    Submission(
        "learner-02",
        "01-preprocessing",
        "forgot to divide by 255",
        (solved(), changed("resize_and_scale", " / 255.0", "")),
        16,
    ),
    Submission(
        "learner-03",
        "01-preprocessing",
        "got as far as describing examples, and handed in what was there",
        (solved(until="count_classes"),),
        7,
    ),
    Submission(
        "learner-04",
        "01-preprocessing",
        "a cell ends Python itself; the points before it stay",
        (solved(), added("count_classes", "import os\nos._exit(1)")),
        7,
        status="crashed",
    ),
    Submission(
        "learner-05",
        "01-preprocessing",
        "the upload broke off",
        (),
        0,
        status="rejected",
        content='{"cells": [{"cell_type": "code", "source": ["tra',
    ),
    Submission("learner-01", "02-mobilenet-v2", "everything right", (solved(),), 20),
    Submission(
        "learner-06",
        "02-mobilenet-v2",
        "put a softmax behind the head, although the loss expects logits",
        (solved(), changed("build_head", "Dense(num_classes)]", 'Dense(num_classes, activation="softmax")]')),
        16,
    ),
    Submission(
        "learner-07",
        "02-mobilenet-v2",
        "did nothing, and tries to make the grader believe otherwise",
        (added("setup", CHEATING), tagged("skip-execution")),
        0,
    ),
    Submission(
        "learner-08",
        "02-mobilenet-v2",
        "keeps a copy of everything until the memory is full",
        (solved(), added("build_head", "kept = []\nwhile True:\n    kept.append(bytearray(b'x') * 50_000_000)")),
        4,
        status="out_of_memory",
    ),
    Submission("learner-02", "03-inception-v3", "everything right", (solved(),), 20),
    Submission(
        "learner-09",
        "03-inception-v3",
        "gave Inception V3 pictures of 224 pixels",
        (solved(), changed("inception_features", "299", "224")),
        18,
    ),
    Submission("learner-03", "04-learning-curves", "everything right", (solved(),), 20),
    Submission(
        "learner-06",
        "04-learning-curves",
        "counted epochs from 0, and deleted two check cells",
        (solved(), changed("best_epoch", " + 1", ""), without("best_epoch_is_found", "gap_is_measured")),
        19,
    ),
    Submission(
        "learner-09",
        "05-predictions",
        "sorted the class names, and swapped right and wrong colors",
        (
            solved(),
            changed("class_names", "np.array(tfds", "np.sort(tfds"),
            changed("plot_predictions", "if answer == label", "if answer != label"),
        ),
        15,
    ),
    Submission(
        "learner-10",
        "05-predictions",
        "worked in a copy from before a correction; the tasks are the same",
        (solved(), of_version("0123456789ab")),
        20,
    ),
    Submission(
        "learner-01",
        "06-capstone",
        "everything right; the model card awaits a person's grade",
        (solved(),),
        20,
    ),
    Submission(
        "learner-10",
        "06-capstone",
        "turned pictures upside down instead of mirroring them, and wrote no model card",
        (solved(), changed("random_flip", "[:, :, ::-1]", "[:, ::-1]"), emptied("model_card")),
        18,
    ),
]
