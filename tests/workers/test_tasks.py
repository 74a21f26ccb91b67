import pytest

from workers import tasks


def test_the_task_needs_its_restorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_restorer", None)
    with pytest.raises(RuntimeError, match="install"):
        tasks.restore("x")
