"""Launch buttons, made from the one setting that holds the repository's address."""

from __future__ import annotations

import pytest
import yaml

from tests.site.tools import LESSONS_WITH_EXERCISE, ROOT, extension

exercise = extension().exercise


def test_a_notebook_on_github_opens_on_colab_and_binder():
    found = exercise.links("https://github.com/somebody/course", "main", "exercises/a/a.ipynb")
    assert found["Colab"] == "https://colab.research.google.com/github/somebody/course/blob/main/exercises/a/a.ipynb"
    assert found["Binder"] == "https://mybinder.org/v2/gh/somebody/course/main?urlpath=lab/tree/exercises/a/a.ipynb"
    assert found["Source"] == "https://github.com/somebody/course/blob/main/exercises/a/a.ipynb"


def test_a_repository_elsewhere_opens_on_binder_only():
    found = exercise.links("https://git.example.org/team/course", "main", "exercises/a/a.ipynb")
    assert "Colab" not in found
    assert found["Binder"].startswith("https://mybinder.org/v2/git/https%3A%2F%2Fgit.example.org%2Fteam%2Fcourse/main?")


def test_colab_is_not_offered_for_pages():
    assert "Colab" not in exercise.links("https://github.com/somebody/course", "main", "book/preprocessing.md")


@pytest.mark.parametrize("lesson", LESSONS_WITH_EXERCISE)
def test_built_pages_use_the_address_in_the_settings(site, lesson):
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    owner_and_name = config["repository"]["url"].removeprefix("https://github.com/")
    page = (site / f"{lesson}.html").read_text(encoding="utf-8")
    assert f"https://mybinder.org/v2/gh/{owner_and_name}/" in page
    assert f"https://colab.research.google.com/github/{owner_and_name}/" in page
