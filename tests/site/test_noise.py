"""What the build of the site says on a terminal."""

from __future__ import annotations

import pytest

from tests.site.tools import load_tool


@pytest.mark.parametrize(
    "line",
    [
        "fully_quantize: 0, inference_type: 6, input_inference_type: FLOAT32, output_inference_type: FLOAT32\n",
        "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n",
        "\x1b[92m====================\x1b[0m\n",
        "Your book's HTML pages are here:\n",
        "    _build/book/_build/html/\n",
        "    file:///somewhere/_build/book/_build/html/index.html            \n",
    ],
)
def test_what_nobody_can_act_on_is_left_out(line):
    assert load_tool("site").NOISE.search(line)


@pytest.mark.parametrize(
    "line",
    [
        "/somewhere/book/setup.md:12: WARNING: 'myst' cross-reference target not found\n",
        "Extension error: ModuleNotFoundError: No module named 'flowersite'\n",
        "RuntimeError: fully_quantize: 0 is not allowed\n",
        "WARNING: Execution failed, see /somewhere/_build/html/reports/setup.err.log\n",
    ],
)
def test_a_warning_or_an_error_is_shown(line):
    assert not load_tool("site").NOISE.search(line)
