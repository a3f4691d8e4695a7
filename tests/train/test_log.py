"""What a training tells where there is no terminal: a line a minute."""

from __future__ import annotations

import pytest

from srbench.commands.training_log import TrainingLog
from srbench.core.text import duration


def test_a_line_a_minute_with_loss_psnr_and_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = [0.0]
    with TrainingLog(clock=lambda: seconds[0]) as log:
        log.begin("training", 1000, 100)
        for done, now in ((110, 10.0), (160, 60.0), (170, 70.0), (220, 120.0)):
            seconds[0] = now
            values = {"loss": 0.125, "psnr_y": 27.25} if done == 160 else {"loss": 0.0625}
            log.advance(done, 16.0, values)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "training 160 of 1000: loss 0.125, PSNR 27.25 dB at 160, 16.0 images/s" in lines[0]
    assert lines[0].endswith("14 minutes left")  # 840 iterations of a second each
    assert "loss 0.0625, PSNR 27.25 dB at 160" in lines[1]


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 seconds"), (720, "12 minutes"), (12600, "3.5 hours")])
def test_durations_are_told_as_people_do(seconds: float, text: str) -> None:
    assert duration(seconds) == text
