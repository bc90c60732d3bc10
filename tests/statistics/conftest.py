"""Simulated studies live in a folder of their own."""

import pytest


@pytest.fixture(autouse=True)
def study_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path
