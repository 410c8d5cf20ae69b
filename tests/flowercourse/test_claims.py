"""A page's claims: silent where the numbers show them, a note for a reader, an error in the build."""

from __future__ import annotations

import pytest

from flowercourse import claims


def test_a_claim_that_the_numbers_show_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    claims.show("the loss falls", True, first=2.0, last=1.0)
    assert capsys.readouterr() == ("", "")


def test_a_reader_whose_numbers_differ_is_told_the_claim_and_the_numbers_and_can_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(claims.STRICT, raising=False)
    claims.show("the loss falls", False, first=1.0, last=2.5)
    note = capsys.readouterr().err
    assert "the loss falls" in note
    assert "first = 1, last = 2.5" in note


def test_in_the_build_a_claim_that_is_not_shown_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(claims.STRICT, "strict")
    with pytest.raises(claims.ClaimNotShown, match=r"the loss falls.*last = 2\.5"):
        claims.show("the loss falls", False, last=2.5)
