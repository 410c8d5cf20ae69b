"""How much faster the reference pipeline is than the classic procedure, and whether it is as accurate.

    python -m benchmarks.pipeline [--dataset auto] [--epochs 6] [--seed 0] [--again 3]

Three things are measured one after the other, each in a Python of its own, with MobileNet V2 and the split 70/30:

- classic: ``benchmarks.classic``, from finding the data to the last prediction;
- first run: the whole reference pipeline without any features in the cache, from finding the data to ``report.html``
  and all figures on the disk;
- with features: the same when the features exist; the median of several runs.

So the pipeline's side draws figures and writes a report, which the classic side does not. Imports of libraries are the
same on both sides; ratios are given without and with them, and in processor time, which other programs on the machine
disturb less. Nothing is extrapolated. Data and weights are in the cache beforehand on both sides.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from flowercourse import backbones, datasets, paths

ROOT = Path(__file__).resolve().parent.parent


def work(job: str, options: argparse.Namespace) -> dict[str, Any]:
    """Do one job in this process, and return its seconds and its accuracy."""
    started = time.perf_counter()
    import jinja2  # noqa: F401
    import jsonschema  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import tensorflow  # noqa: F401
    import tensorflow_datasets  # noqa: F401
    import tensorflow_hub  # noqa: F401
    import tf_keras  # noqa: F401

    from benchmarks import classic
    from solutions.pipeline import __main__ as pipeline

    imports = time.perf_counter() - started
    if job == "classic":
        processor = time.process_time()
        result = classic.run(options.dataset, epochs=options.epochs, seed=options.seed)
        return {
            "imports": imports,
            "seconds": result.seconds,
            "processor": time.process_time() - processor,
            "correct": result.correct,
            "count": result.num_validation,
        }
    with tempfile.TemporaryDirectory() as folder:
        words = ["--dataset", options.dataset, "--split", "70/30", "--epochs", str(options.epochs)]
        parsed = pipeline.parse([*words, "--seed", str(options.seed), "--out", folder])
        started, processor = time.perf_counter(), time.process_time()
        report = pipeline.run(parsed, lambda line: None)
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
        if not (Path(folder) / "report.html").stat().st_size:
            raise RuntimeError("the pipeline wrote an empty report")
    entry = report["backbones"][0]
    if entry["features_reused"] != (job == "again"):
        raise RuntimeError(f"features were {'not ' * (job == 'again')}in the cache, so this measures something else")
    return {
        "imports": imports,
        "seconds": seconds,
        "processor": processor,
        "correct": entry["test"]["correct"],
        "count": entry["test"]["num_examples"],
    }


def in_own_process(job: str, options: argparse.Namespace, cache: Path) -> dict[str, Any]:
    """Do one job in a fresh Python that has ``cache`` for its cache."""
    words = ["--dataset", options.dataset, "--epochs", str(options.epochs), "--seed", str(options.seed)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pipeline", "--job", job, *words],
        cwd=ROOT,
        env=os.environ | {"FLOWERCOURSE_CACHE": str(cache), "MPLBACKEND": "Agg"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def cache_without_features(folder: Path) -> Path:
    """Return a cache that shares data and weights with the usual one, and has no features."""
    for name in ("backbones", "tensorflow_datasets"):
        if (paths.cache_dir() / name).is_dir():
            (folder / name).symlink_to(paths.cache_dir() / name)
    return folder


def compare(options: argparse.Namespace) -> None:
    """Measure everything, and print the ratios."""
    dataset = datasets.find(options.dataset)
    weights = backbones.resolve("mobilenet_v2").source
    print(
        f"Data: {dataset.name}, {dataset.num_examples:,} images. MobileNet V2, {weights}. {os.cpu_count()} processors."
    )
    with tempfile.TemporaryDirectory() as folder:
        cache = cache_without_features(Path(folder))
        classic = in_own_process("classic", options, cache)
        _print("classic procedure", classic)
        first = in_own_process("first", options, cache)
        _print("pipeline, first run", first, classic)
        repeated = [in_own_process("again", options, cache) for _ in range(options.again)]
    again = {name: median(run[name] for run in repeated) for name in repeated[0]}
    _print("pipeline, with features", again, classic)
    _print_accuracy(classic, first)


def _print(name: str, mine: dict[str, Any], classic: dict[str, Any] | None = None) -> None:
    line = f"{name:24} {mine['seconds']:7.2f} s, {mine['processor']:.2f} s of processor time, imports"
    line += f" {mine['imports']:.1f} s"
    if classic:
        whole = (classic["seconds"] + classic["imports"]) / (mine["seconds"] + mine["imports"])
        line += f": {classic['seconds'] / mine['seconds']:.1f}x faster"
        line += f" ({whole:.1f}x with imports, {classic['processor'] / mine['processor']:.1f}x in processor time)"
    print(line, flush=True)


def _print_accuracy(classic: dict[str, Any], mine: dict[str, Any]) -> None:
    """Print both accuracies, and their difference in standard errors of one accuracy."""
    there, here = classic["correct"] / classic["count"], mine["correct"] / mine["count"]
    error = math.sqrt(there * (1 - there) / classic["count"])
    verdict = "within one standard error" if abs(here - there) <= error else "MORE THAN ONE STANDARD ERROR APART"
    print(f"validation accuracy: classic {there:.4f}, pipeline {here:.4f}, standard error {error:.4f}: {verdict}")


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", default="auto")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", type=int, default=3, help="runs with features, of which the median counts")
    parser.add_argument("--job", choices=["classic", "first", "again"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        print(json.dumps(work(options.job, options)))
    else:
        compare(options)


if __name__ == "__main__":
    main()
