"""What a command does, as agents of both scaffolds write them."""

import pytest

from scripts.synthesis.commands import changes, program


@pytest.mark.parametrize(
    ("command", "runs", "edits"),
    [
        ("view kit/text.py 10 20", "view", False),
        ("edit kit/text.py 3", "edit", True),
        ("sed -n '10,30p' setup.py", "sed", False),
        ("sed -i 's/a/b/' setup.py", "sed", True),
        ("sed -Ei.bak 's/a/b/' setup.py", "sed", True),
        ("cat setup.py", "cat", False),
        ("cat setup.py 2>/dev/null", "cat", False),
        ("cat setup.py > /dev/null", "cat", False),
        ("cat <<'EOF' > fix.py\nx = 1\nEOF", "cat", True),
        ("cat <<'EOF'\nx > 1\nEOF", "cat", False),
        ("echo x >> fix.py", "echo", True),
        ("echo fails >&2", "echo", False),
        ("cd src && pytest -q", "pytest", False),
        ("cd src; cd lib && sed -i s/a/b/ x.py", "sed", True),
        ("cd src", "cd", False),
        ("grep -rn 'cd x && y' .", "grep", False),
        ("git apply <<EOF", "git", False),
        ("", "", False),
    ],
)
def test_what_a_command_runs_and_whether_it_changes_code(command, runs, edits):
    assert (program(command), changes(command)) == (runs, edits)
