"""Fault 27: scripts that repeat each other and name the folders of the machine they were written on."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("scripts", "rules", "profiles", "studies", "resources", "envs")
SUFFIXES = (".py", ".smk", ".yaml", ".yml", ".md", ".toml", ".sh")
PERSONAL = re.compile(r"/home/(?!agent)\w+/|/Users/\w+|/root/\w+|[A-Z]:\\\\?Users|/mnt/\w+/|/scratch/\w+/")
LONG = 8  # lines of a function from which on a copy is a copy


def own_files() -> list[Path]:
    """Every text of the workflow itself, what tools leave behind aside."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return [
        path for path in top + below if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]


def personal_paths(text: str) -> list[str]:
    """Paths of somebody's machine in a text: home folders, and the folder of this very checkout."""
    return PERSONAL.findall(text) + ([str(ROOT)] if f"{ROOT}/" in text or f'"{ROOT}"' in text else [])


def copies(texts: dict[str, str]) -> list[list[str]]:
    """Functions of LONG lines or more whose bodies are the same in several places."""
    found = defaultdict(list)
    for name, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.body[0].lineno + 1 >= LONG:
                found["".join(map(ast.dump, node.body[bool(ast.get_docstring(node)) :]))].append(
                    f"{name}:{node.name}"
                )
    return [places for places in found.values() if len(places) > 1]


def test_no_file_names_a_folder_of_somebodys_machine():
    files = own_files()
    assert len(files) > 30
    assert {path: found for path in files if (found := personal_paths(path.read_text()))} == {}


def test_the_search_fires():
    assert personal_paths('data = "/home/anna/data"') and personal_paths(f'open("{ROOT}/x")')
    assert personal_paths('bind("/home/agent", "/usr/bin")') == []


def test_no_script_repeats_another():
    assert (
        copies({str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "scripts").rglob("*.py")})
        == []
    )


def test_a_copy_is_found():
    body = "\n".join(f"    a{n} = {n}" for n in range(LONG))
    assert copies({"x": f"def f():\n{body}\n", "y": f'def g():\n    """Other."""\n{body}\n'}) == [
        ["x:f", "y:g"]
    ]
    assert copies({"x": "def f():\n    return 1\n", "y": "def g():\n    return 1\n"}) == []
