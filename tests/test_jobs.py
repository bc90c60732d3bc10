"""How a job ends: a user's error with its sentence alone, a fault of ours with its traceback."""

from types import SimpleNamespace

import pytest

from scripts.errors import UserError
from scripts.jobs import job


@pytest.fixture
def ended(tmp_path, capsys):
    """(what the log holds, what the terminal shows) of a job that raises an error."""

    def run(error: Exception) -> tuple[str, str]:
        log = tmp_path / "log"
        with pytest.raises(SystemExit), job(SimpleNamespace(log=[log], rule="tasks")):
            raise error
        return log.read_text(), capsys.readouterr().err

    return run


def test_a_users_error_is_its_sentence_and_nothing_else(ended):
    for text in ended(UserError("config.yaml", "no such key", "write another")):
        assert text.endswith("error: config.yaml: no such key. Fix: write another.\n")
        assert text.count("\n") == 1


def test_a_fault_of_ours_keeps_its_traceback(ended):
    for text in ended(KeyError("x")):
        assert "job failed" in text and "Traceback" in text and "KeyError: 'x'" in text
