import pytest

from longtail.cli import run


def test_every_sampler_is_listed_with_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "samplers"]) == 0
    out = capsys.readouterr().out
    for word in ("class_aware", "repeat_factor", "threshold=0.001", "p_by_k", "per=row [row|label]", "EpochSampler"):
        assert word in out
