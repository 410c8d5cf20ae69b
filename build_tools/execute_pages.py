"""Execute the site's pages, several at once, into the cache from which Jupyter Book then takes their outputs.

    python build_tools/execute_pages.py CACHE [--jobs N]

Jupyter Book itself executes one page after the other, which leaves most of a machine idle, and each imports TensorFlow
anew; here they are forks of one process that has done so (`warm_kernels`). Pages that the cache knows already are not
executed. A page that fails here is not in the cache, so Jupyter Book executes it again and reports what is wrong with
it; nothing has to be reported from here.
"""

from __future__ import annotations

import argparse
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from myst_nb.core.read import is_myst_markdown_notebook
from warm_kernels import warm_kernels

from flowercourse.environment import processors, share_of_processors

ROOT = Path(__file__).resolve().parent.parent
READER = {"type": "plugin", "name": "myst_nb_md"}  # as MyST-NB reads pages, so that it finds them in the cache


def pages() -> list[Path]:
    """Return the pages that hold code. The last lessons come first: they compute most, and are best begun early."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    files = [ROOT / "book" / f"{name}.md" for name in names]
    return [path for path in reversed(files) if is_myst_markdown_notebook(path.read_text(encoding="utf-8"))]


def execute(page: str, folder: str, timeout_s: int) -> None:
    """Execute one page, unless the cache in ``folder`` knows it already."""
    logging.getLogger("jupyter_cache").setLevel(logging.CRITICAL)
    cache = get_cache(folder)
    load_executor("local-serial", cache).run_and_cache(filter_uris=[page], timeout=timeout_s)


def main() -> None:
    """Parse the command line, execute the pages."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cache", help="folder of the cache, made where it is missing")
    parser.add_argument("--jobs", type=int, default=processors(), help="pages at once (default: %(default)s)")
    options = parser.parse_args()
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    timeout_s = config["execute"]["timeout"]
    cache = get_cache(options.cache)
    todo = [str(path) for path in pages()]
    for page in todo:
        cache.add_nb_to_project(page, read_data=READER)
    os.environ |= share_of_processors(options.jobs)
    with warm_kernels(), ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(execute, todo, [options.cache] * len(todo), [timeout_s] * len(todo)))


if __name__ == "__main__":
    main()
