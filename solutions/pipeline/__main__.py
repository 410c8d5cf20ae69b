"""The reference pipeline: from photographs to a judged classifier, with a report.

    python -m solutions.pipeline --backbone mobilenet_v2 inception_v3 --dataset auto --epochs 6 --seed 0 --out DIR

Writes ``report.json`` (see ``solutions.pipeline.schema``), ``report.html`` and the figures as PNG files into DIR. Exit
status: 0 when done, 1 where something is missing (the message says what to do), 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flowercourse import backbones, datasets, features, splits, style
from flowercourse.errors import CourseError, storage_error
from flowercourse.paths import whole_file
from solutions.evaluation.comparison import compare_all, describe_difference
from solutions.pipeline.figures import draw_backbone, draw_comparison
from solutions.pipeline.report import render
from solutions.pipeline.results import SCHEMA_VERSION, BackboneResult, backbone_json, dataset_json, difference_json
from solutions.pipeline.schema import check_report
from solutions.pipeline.stages import PARTS, Plan, galleries, study
from solutions.training.fine_tuning import LEARNING_RATE
from solutions.training.transfer import HeadSettings

LIBRARIES = ("tensorflow", "tf_keras", "tensorflow-hub", "tensorflow-datasets", "numpy")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; exits with status 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m solutions.pipeline", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--backbone",
        nargs="+",
        choices=list(backbones.BACKBONES),
        default=["mobilenet_v2"],
        metavar="NAME",
        help=f"backbones to compare, of {', '.join(backbones.BACKBONES)} (default: mobilenet_v2)",
    )
    parser.add_argument(
        "--dataset", default="auto", help="tf_flowers, mini_flowers, a folder with one sub-folder a class, or auto"
    )
    parser.add_argument("--data-dir", type=Path, help="where TFDS has prepared data sets")
    parser.add_argument("--split", type=_split, default="70/15/15", help="sizes of the parts (default: %(default)s)")
    parser.add_argument("--epochs", type=_positive, default=6, help="passes over the training pictures")
    parser.add_argument("--seed", type=_count, default=0, help="seed of initialization and shuffling")
    parser.add_argument(
        "--fine-tune", type=_count, default=0, metavar="N", help="then train the last block for N epochs"
    )
    parser.add_argument(
        "--untrained", action="store_true", help="take untrained weights where no trained ones can be had, and say so"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    return parser.parse_args(arguments)


def _split(text: str) -> str:
    try:
        splits.percentages(text)
    except CourseError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 0")
    return int(text)


def _positive(text: str) -> int:
    if _count(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def run(options: argparse.Namespace, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Run the pipeline and write the report.

    Args:
        options: What ``parse`` returned.
        say: Called with a line about each stage that is done.

    Returns:
        The plain data of ``report.json``.

    Raises:
        CourseError: If data, weights or space on the disk are missing.
    """
    started = time.perf_counter()
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error("The report was not written", options.out, error) from error
    dataset = datasets.find(options.dataset, data_dir=options.data_dir)
    say(f"Data: {dataset.name}, {dataset.num_examples:,} pictures, {dataset.origin}")
    if dataset.skipped:
        say(f"Skipped {len(dataset.skipped)} files that could not be used; the report lists them")
    plan = Plan(
        split=options.split,
        head=HeadSettings(epochs=options.epochs, seed=options.seed),
        fine_tune_epochs=options.fine_tune,
        untrained=True if options.untrained else None,
    )
    names = list(dict.fromkeys(options.backbone))
    results = [study(name, dataset, plan, say) for name in names]
    report = describe(options, plan, dataset, results)
    try:
        write(report, results, dataset, plan, options.out, started)
    except OSError as error:
        raise storage_error("The report was not written", options.out, error) from error
    return report


def describe(
    options: argparse.Namespace, plan: Plan, dataset: datasets.Dataset, results: list[BackboneResult]
) -> dict[str, Any]:
    """Return the report's plain data, but for the figures and the time, which come last."""
    labels = features.extract(results[0].backbone, dataset).y
    ranges = datasets.split_ranges(len(labels), plan.split)
    parts = {name: labels[part.start : part.stop] for name, part in zip(PARTS, ranges, strict=False)}
    judged_on = list(parts)[-1]
    titles = {result.backbone.spec.name: result.backbone.label for result in results}
    pairs = compare_all({result.backbone.spec.name: result.predictions for result in results})
    return {
        "schema_version": SCHEMA_VERSION,
        "made": {
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "command": command(options),
            "seconds": 0.0,
            "python": platform.python_version(),
            "versions": {library: version(library) for library in LIBRARIES},
            "cpus": os.cpu_count() or 1,
            "platform": f"{platform.system()} {platform.machine()}",
        },
        "settings": {
            "epochs": plan.head.epochs,
            "batch_size": plan.head.batch_size,
            "learning_rate": plan.head.learning_rate,
            "seed": plan.head.seed,
            "fine_tune_epochs": plan.fine_tune_epochs,
            "fine_tune_learning_rate": LEARNING_RATE,
        },
        "dataset": dataset_json(dataset, plan.split, parts),
        "backbones": [backbone_json(result, judged_on) for result in results],
        "comparisons": [
            {
                "first": first,
                "second": second,
                "result": difference_json(difference),
                "summary": describe_difference(titles[first], titles[second], difference),
            }
            for (first, second), difference in pairs.items()
        ],
        "figures": {},
    }


def write(
    report: dict[str, Any],
    results: list[BackboneResult],
    dataset: datasets.Dataset,
    plan: Plan,
    out: Path,
    started: float,
) -> None:
    """Draw the figures, complete the report with them and with the time since ``started``, and write all files."""
    style.use_course_style()
    folder = out / "figures"
    folder.mkdir(exist_ok=True)
    figures, thumbnails = {}, {}
    for result, shown in zip(results, galleries(results, dataset, plan.split), strict=True):
        name = result.backbone.spec.name
        figures[name] = draw_backbone(
            result,
            shown,
            source=f"{dataset.name} · {result.backbone.label}",
            judged_on=report["backbones"][0]["test"]["part"],
            folder=folder,
        )
        thumbnails[name] = {key: gallery.thumbnails() for key, gallery in shown.items()}
    comparison = draw_comparison(results, f"{dataset.name} · heads on frozen features", folder)
    report["figures"] = {
        f"{name}_{key}": f"figures/{drawn.path.name}" for name, named in figures.items() for key, drawn in named.items()
    } | {"comparison": f"figures/{comparison.path.name}"}
    report["made"]["seconds"] = round(time.perf_counter() - started, 3)
    check_report(report)
    page = render(report, figures, comparison, thumbnails)
    data = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    for name, text in (("report.html", page), ("report.json", data)):
        with whole_file(out / name, durable=False) as file:
            file.write(text.encode())


def command(options: argparse.Namespace) -> str:
    """Return the command line that makes the report again."""
    words = ["python", "-m", "solutions.pipeline", "--backbone", *options.backbone, "--dataset", options.dataset]
    if options.data_dir:
        words += ["--data-dir", str(options.data_dir)]
    words += ["--split", options.split, "--epochs", str(options.epochs), "--seed", str(options.seed)]
    if options.fine_tune:
        words += ["--fine-tune", str(options.fine_tune)]
    if options.untrained:
        words += ["--untrained"]
    return shlex.join([*words, "--out", str(options.out)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipeline from the command line and return the exit status."""
    options = parse(arguments)
    try:
        report = run(options, lambda line: print(line, flush=True))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    for entry in report["backbones"]:
        if not entry["weights"]["trained"]:
            print(f"{entry['label']}: the pipeline runs with it; how accurate it is was not measured")
            continue
        low, high = entry["test"]["interval"]
        print(
            f"{entry['label']}: {entry['test']['part']} accuracy {entry['test']['accuracy']:.3f}"
            f" (95 % interval {low:.3f} to {high:.3f})"
        )
    print(f"Report: {options.out / 'report.html'} (made in {report['made']['seconds']:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
