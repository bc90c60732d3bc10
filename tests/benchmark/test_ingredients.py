"""What becomes of a published specification, piece by piece."""

import subprocess
import sys

import pytest

from scripts.benchmark.ingredients import (
    Ingredients,
    conda,
    edits,
    exports,
    ingredients,
    lines,
    on_interpreter,
)

DJANGO = {
    "python": "3.6",
    "packages": "requirements.txt",
    "install": "python setup.py install",
    "eval_commands": ["locale-gen", "export LANG=en_US.UTF-8", "export PYTHONIOENCODING=utf8"],
    "test_cmd": "./tests/runtests.py --parallel 1",
    "paths": ["absent.txt", "tests/requirements/py3.txt"],
}
FILES = {
    "tests/requirements/py3.txt": "-r base.txt\nPillow != 5.4.0  # broken\n# a comment\n-e .[test]\n\npylibmc; sys.platform != 'win32'\n",
    "tests/requirements/base.txt": "pytz\n-r ../../docs/more.txt\n",
    "docs/more.txt": "sphinx\n",
}


def made(spec=DJANGO, repo="django/django", version="3.0", python=None):
    return ingredients(repo, version, spec, FILES.get, "django__django-1", python)


def test_django_as_specified():
    found = made()
    assert found.python == found.published == "3.6"
    assert found.requirements == ("pytz", "sphinx", "Pillow != 5.4.0", "pylibmc; sys.platform != 'win32'")
    assert found.install == "python -m pip install -e .", "the tests must see the workspace"
    assert dict(found.variables) == {"LANG": "C.UTF-8", "PYTHONIOENCODING": "utf8"}
    assert found.left_out == ("locale-gen",)


def test_another_interpreter_by_configuration():
    found = made(python="3.11")
    assert (found.python, found.published) == ("3.11", "3.6")


def test_it_goes_through_json():
    assert Ingredients.from_json(made().as_json()) == made()


def test_pins_are_constraints_of_everything_else():
    spec = {"python": "3.9", "packages": "numpy 'scipy<2'", "pip_packages": ["numpy==1.19.2", "cython"], "test_cmd": "pytest", "paths": []}  # fmt: skip
    found = made(spec, "astropy/astropy", "5.0")
    assert found.requirements == ("numpy", "scipy<2", "numpy==1.19.2", "cython")
    assert found.constraints == ("numpy==1.19.2",)


@pytest.mark.parametrize(
    ("repo", "version", "line", "added"),
    [
        ("sphinx-doc/sphinx", "3.5", "docutils<0.18", True),
        ("sphinx-doc/sphinx", "4.0", "docutils<0.18", True),
        ("sphinx-doc/sphinx", "5.0", "docutils<0.18", False),
        ("sphinx-doc/sphinx", "5.0", "Pygments<2.19", True),
        ("sphinx-doc/sphinx", "5.1", "Pygments<2.19", False),
        ("astropy/astropy", "1.3", "astropy-helpers==3.0.2", True),
        ("astropy/astropy", "4.3", "astropy-helpers==3.2.1", False),
        ("astropy/astropy", "3.1", "pyparsing<3.1", True),
        ("scikit-learn/scikit-learn", "0.22", "cython<3", True),
        ("scikit-learn/scikit-learn", "1.3", "cython<3", False),
        ("matplotlib/matplotlib", "3.4", "pytest<9", False),
        ("matplotlib/matplotlib", "3.7", "pytest<9", True),
        ("pytest-dev/pytest", "5.4", "wcwidth==0.2.6", True),
        ("pytest-dev/pytest", "6.0", "wcwidth==0.2.6", False),
    ],
)
def test_what_a_specification_lacks_is_added_to_its_versions_alone(repo, version, line, added):
    spec = {"python": "3.9", "install": "pip install -e .", "test_cmd": "pytest", "paths": []}
    assert (line in made(spec, repo, version).constraints) is added


@pytest.mark.parametrize(
    ("version", "added"), [("3.1", ("SETUPTOOLS_USE_DISTUTILS", "stdlib")), ("4.3", None)]
)
def test_a_variable_that_a_version_needs(version, added):
    spec = {"python": "3.9", "test_cmd": "pytest", "paths": []}
    assert made(spec, "astropy/astropy", version).variables == ((added,) if added else ())


@pytest.mark.parametrize(("version", "pin"), [("1.3", "numpy==1.19.3"), ("1.4", "numpy==1.19.2")])
def test_a_pin_that_only_conda_has_becomes_the_nearest_of_the_registry(version, pin):
    spec = {"python": "3.9", "packages": "'numpy==1.19.2' pytest", "test_cmd": "pytest", "paths": []}
    assert made(spec, "scikit-learn/scikit-learn", version).requirements == (pin, "pytest")


def test_a_pin_that_the_earlier_commits_of_a_version_cannot_bear_is_another_one():
    spec = {"python": "3.11", "pip_packages": ["setuptools==68.1.2"], "test_cmd": "pytest", "paths": []}
    found = made(spec, "matplotlib/matplotlib", "3.7")
    assert found.requirements == ("setuptools==67.2.0",)
    assert "setuptools==67.2.0" in found.constraints


@pytest.mark.parametrize(("python", "name"), [("3.9", "py39"), ("3.11", "py311")])
def test_tox_is_told_the_interpreter(python, name):
    assert on_interpreter("tox --current-env -epy39 -v --", python).endswith(
        f"; tox --current-env -e{name} -v --"
    )
    assert on_interpreter("pytest -rA", python) == "pytest -rA"


def test_tox_finds_the_packages_of_a_virtual_environment(tmp_path):
    """tox-current-env makes .tox/py39/bin/python a link to the interpreter if nothing is there, and runs that."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    tox = tmp_path / "env/bin/tox"
    tox.write_text(
        "#!/bin/bash\nln -s $(command -v python) .tox/py39/bin/python 2>/dev/null\n"
        ".tox/py39/bin/python -c 'import sys; print(sys.prefix)'\n"
    )
    tox.chmod(0o755)
    command, path = (
        on_interpreter("tox --current-env -epy39 -v --", "3.9"),
        f"{tmp_path}/env/bin:/usr/bin:/bin",
    )
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True
    )
    assert done.stdout == f"{tmp_path / 'env'}\n"


def test_conda_names_for_pip():
    text = "dependencies: [python=3.10, dask-core, h5py=2, 'fsspec!=2021.7.0', cdms2, {pip: [numbagg]}]"
    assert conda(text) == (
        ["dask", "h5py==2.*", "fsspec!=2021.7.0", "numbagg"],
        ["python=3.10 (conda only)", "cdms2 (conda only)"],
    )


def test_only_edits_of_the_repository_are_kept():
    commands = [
        "sed -i 's/pytest/pytest -rA/' tox.ini",
        "apt-get update",
        'wget -O "$QHULL_TAR" "$QHULL_URL"',
    ]
    assert edits(commands) == (commands[:1], commands[1:])


def test_exports_are_variables():
    assert exports(["export LC_ALL=en_US.UTF-8", "locale-gen"]) == ({"LC_ALL": "C.UTF-8"}, ["locale-gen"])


def test_lines_follow_includes():
    assert lines("tests/requirements/py3.txt", FILES.get)[0] == "pytz"
