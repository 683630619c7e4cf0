"""`longtail list losses`."""

import pytest

from longtail.cli import run


def test_every_loss_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "losses"]) == 0
    out, error = capsys.readouterr()
    assert error == ""
    for name, paper in (("ldam", "Cao et al. 2019"), ("supcon", "Khosla et al. 2020"), ("seesaw", "Wang et al. 2021")):
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [name]]
        assert paper in line
    assert "max_margin=0.5" in out
    assert "[batch_hard|batch_all|semihard]" in out
    assert "class_counts" not in out  # the stage fills it in


def test_one_loss_is_told_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "losses", "ldam"]) == 0
    shown = capsys.readouterr().out
    assert "Cao et al. 2019" in shown
    assert "  max_margin: float = 0.5" in shown.splitlines()
    assert "python: longtail.losses.ldam.LDAM" in shown.splitlines()
    assert "code: kaidic/LDAM-DRW" in shown.splitlines()
    assert run(["list", "losses", "ldma"]) == 2
    assert "Did you mean 'ldam'?" in capsys.readouterr().err
