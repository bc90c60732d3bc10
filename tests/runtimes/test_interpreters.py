"""Interpreters: found, refused with the alternatives, copied to where nobody's home matters."""

import subprocess
import sys

import pytest

from scripts.benchmark.runtimes import interpreters
from scripts.errors import UserError
from tests.small_repository import session_folder

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_a_missing_interpreter_is_named_with_the_alternatives():
    with pytest.raises(UserError) as error:
        interpreters.find("3.1", "task django__django-1")
    for word in ("task django__django-1", "Python 3.1", "pyenv install 3.1", "uv python install", "docker", "apptainer", "python:"):  # fmt: skip
        assert word in str(error.value)


def test_a_shim_that_does_not_run_does_not_count(tmp_path, monkeypatch):
    shim = tmp_path / "python3.2"
    shim.write_text("#!/bin/sh\necho 'pyenv: version 3.2 is not set' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(shim) in interpreters.candidates("3.2")
    with pytest.raises(UserError):
        interpreters.find("3.2", "task")


def test_pyenv_comes_before_path_newest_first(tmp_path, monkeypatch):
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    for release in ("3.9.9", "3.9.18", "3.10.1"):
        place = tmp_path / "versions" / release / "bin"
        place.mkdir(parents=True)
        (place / "python3.9").touch()
    found = list(interpreters.candidates("3.9"))
    assert found[:2] == [str(tmp_path / f"versions/{release}/bin/python3.9") for release in ("3.9.18", "3.9.9")]


def test_the_copy_stands_alone():
    found = interpreters.find(OWN, "task")
    folder = interpreters.copied(found, session_folder() / "cache")
    assert interpreters.copied(found, session_folder() / "cache") == folder, "made once"
    code = "import ssl, sqlite3, sys, venv; print(sys.prefix, '/site-packages' in repr(sys.modules))"
    said = subprocess.check_output([folder / "bin" / "python", "-S", "-E", "-c", code], text=True, env={"LD_LIBRARY_PATH": str(folder / "lib")})  # fmt: skip
    assert said.split() == [str(folder), "False"]
