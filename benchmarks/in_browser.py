"""Which runtime should the live page have: Google's LiteRT.js, or TensorFlow.js' kernels and a reader of our own?

    python -m benchmarks.in_browser [--rounds N] [--pictures N]

First the page itself is weighed: bytes until it is at rest, and bytes that its button "Begin" fetches.

Both run the very file that the lesson "From model to use" ships (build the site first: `make site`), in headless
Chromium without a graphics processor, as most telephones' and schools' computers would have to. Each is loaded anew in
each round, in turn. Measured: bytes that a reader has to load besides the network, milliseconds until the first answer,
milliseconds a picture after that, the largest difference of a probability from TensorFlow's own interpreter, and the
lines that each writes to the browser's console. LiteRT.js is fetched from npm for the measurement, at the version that
is pinned below, into _build/npm.

What was found, with 2 cores and Chromium 156, the network of MobileNet V2 in float16 (4.5 MB):

    the page itself  2.7 MB, the theme's scripts and fonts; its live part 0.07 MB; after "Begin" 7.4 MB more
    TensorFlow.js    0.8 MB besides the network, first answer after 313 ms, then 49 ms a picture, no line on the console
    LiteRT.js        9.7 MB besides the network, first answer after 488 ms, then 29 ms a picture, 16 lines there

Both differ from the interpreter by less than a hundred-thousandth. So LiteRT.js is 1.7 times as fast once it runs, and
twelve times as large. Nobody notices 20 ms, and everybody 9 MB: the page takes TensorFlow.js.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from flowercourse import features, shipping

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "site" / "_static" / "try"
LITERT = ROOT / "_build" / "npm" / "litert"
VERSION = "2.5.3"
TIMEOUT_MS = 120_000

# Each page sets `start` to a function that gives a function from pixels to probabilities.
TENSORFLOW_JS = """
import { Network } from "/try/network.js";
import { readNetwork } from "/try/tflite.js";
window.start = async (file) => {
  tf.wasm.setWasmPaths("/try/tfjs/");
  await tf.setBackend("wasm");
  const network = new Network(tf, readNetwork(file));
  return async (pixels) => (await network.answer(pixels)).probabilities;
};
"""
LITERT_JS = """
import { loadLiteRt, loadAndCompile, Tensor } from "/litert/@litertjs/core/dist/index.js";
window.start = async (file) => {
  await loadLiteRt("/litert/@litertjs/core/wasm/");
  const model = await loadAndCompile(new Uint8Array(file), { accelerator: "wasm" });
  return async (pixels) => {
    const entry = new Tensor(pixels.slice(), [1, 224, 224, 3]);
    const [result] = await model.run(entry);
    const probabilities = result.toTypedArray().slice();
    entry.delete();
    result.delete();
    return probabilities;
  };
};
"""
MEASURE = """
async () => {
  const pixels = new Float32Array(await (await fetch("/pictures.bin")).arrayBuffer());
  const file = await (await fetch("/try/model/flowers.tflite")).arrayBuffer();
  const length = 224 * 224 * 3;
  const began = performance.now();
  const answer = await window.start(file);
  const answers = [];
  const times = [];
  for (let at = 0; at < pixels.length; at += length) {
    const started = performance.now();
    answers.push([...await answer(pixels.subarray(at, at + length))]);
    times.push(performance.now() - started);
    if (at === 0) times.first = performance.now() - began;
  }
  return { answers, first: times.first, times: times.slice(1) };
}
"""
SCRIPTS = "".join(f'<script src="/try/tfjs/{name}.es2017.min.js"></script>' for name in ("tf-core", "tf-backend-wasm"))
UTILITIES = '"@litertjs/wasm-utils": "/litert/@litertjs/wasm-utils/dist/index.js"'
IMPORTS = f'<script type="importmap">{{"imports": {{{UTILITIES}}}}}</script>'
PAGES = {
    "TensorFlow.js": f'{SCRIPTS}<script type="module">{TENSORFLOW_JS}</script>',
    "LiteRT.js": f'{IMPORTS}<script type="module">{LITERT_JS}</script>',
}


def fetch_litert() -> Path:
    """Return the folder with LiteRT.js, fetched where it is not there yet."""
    packages = LITERT / "node_modules"
    if not packages.is_dir():
        LITERT.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"@litertjs/core@{VERSION}"]
        subprocess.run(command, cwd=LITERT, check=True)
    return packages


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that says nothing."""

    def log_message(self, *args: object) -> None:
        """Say nothing about each request."""


@contextmanager
def served(images: np.ndarray) -> Iterator[str]:
    """Serve both runtimes, the network and the pictures; yield the address."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "try").symlink_to(SITE)
        (place / "shared").symlink_to(SITE.parent / "shared")  # as modules of the page find it
        (place / "site").symlink_to(SITE.parent.parent)
        (place / "litert").symlink_to(fetch_litert())
        (place / "pictures.bin").write_bytes(images.astype("<f4").tobytes())
        for name, content in PAGES.items():
            head = '<!doctype html><title>measured</title><link rel="icon" href="data:,">'
            (place / f"{name}.html").write_text(head + content, encoding="utf-8")
        handler = functools.partial(Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


def measure(browser: Any, address: str, name: str) -> dict[str, Any]:
    """Load a runtime in a fresh profile, and measure it."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    sizes: list[int] = []
    lines: list[str] = []
    own = ("pictures.bin", "flowers.tflite", ".html")

    def note(response: Any) -> None:
        if not response.url.endswith(own):
            sizes.append(int(response.headers.get("content-length", 0)))

    page.on("response", note)
    page.on("console", lambda message: lines.append(message.text))
    page.goto(f"{address}/{name}.html")
    page.wait_for_function("Boolean(window.start)")
    found = page.evaluate(MEASURE)
    context.close()
    return found | {"bytes": sum(sizes), "lines": len(lines)}


def weigh(browser: Any, address: str) -> tuple[int, int, int]:
    """Return the bytes that the page loads until it is at rest, those of its live part's scripts among them, and those
    that it loads when its reader begins."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    sizes: list[int] = []
    scripts: list[int] = []

    def note(response: Any) -> None:
        size = int(response.headers.get("content-length", 0))
        sizes.append(size)
        if any(f"/_static/{folder}/" in response.url for folder in ("try", "shared")):
            scripts.append(size)

    page.on("response", note)
    page.goto(f"{address}/site/try-your-own.html", wait_until="networkidle")
    before, own = sum(sizes), sum(scripts)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="Show it a picture").wait_for()
    page.wait_for_load_state("networkidle")
    context.close()
    return before, own, sum(sizes) - before


def by_tensorflow(images: np.ndarray) -> np.ndarray:
    """Return the probabilities that TensorFlow's own interpreter gives for the same file."""
    import tensorflow as tf

    network = tf.lite.Interpreter(str(SITE / "model" / shipping.NETWORK))
    network.allocate_tensors()
    found = []
    for image in images:
        network.set_tensor(network.get_input_details()[0]["index"], image[None])
        network.invoke()
        found.append(network.get_tensor(network.get_output_details()[0]["index"])[0])
    return np.array(found)


def main() -> None:
    """Parse the command line, measure, print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="times that each is loaded (default: %(default)s)")
    parser.add_argument("--pictures", type=int, default=30, help="pictures in each round (default: %(default)s)")
    options = parser.parse_args()
    if not (SITE / "model" / shipping.NETWORK).is_file():
        parser.error("build the site first: make site")
    data = features.extract("mobilenet_v2").dataset
    images = next(iter(features.image_batches(data, 224, options.pictures)))[0].numpy()
    expected = by_tensorflow(images)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in PAGES}
    with served(images) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        print(f"Chromium {browser.version}, {len(images)} pictures, {options.rounds} rounds")
        page, own, network = weigh(browser, address)
        print(
            f"The page: {page / 1e6:.1f} MB, {own / 1e6:.2f} MB for its live part; Begin: {network / 1e6:.1f} MB more"
        )
        for _ in range(options.rounds):
            for name in PAGES:
                runs[name].append(measure(browser, address, name))
        browser.close()
    for name, found in runs.items():
        each = [statistics.median(one["times"]) for one in found]
        first = statistics.median(one["first"] for one in found)
        away = max(np.abs(np.array(one["answers"]) - expected).max() for one in found)
        print(
            f"{name:14} {found[0]['bytes'] / 1e6:5.1f} MB  first answer {first:5.0f} ms"
            f"  a picture {statistics.median(each):5.1f} ms ({min(each):.1f} to {max(each):.1f})"
            f"  away from TensorFlow {away:.0e}  console lines {found[0]['lines']}"
        )
    ours, theirs = (statistics.median(t for one in runs[name] for t in one["times"]) for name in PAGES)
    print(f"TensorFlow.js takes {ours / theirs:.2f} times as long")


if __name__ == "__main__":
    main()
