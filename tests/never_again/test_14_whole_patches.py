"""14: new files were missing from patches, because `git diff` shows tracked files only."""

from scripts.trajectories import workspace
from scripts.verdicts.grade import grade
from tests.small_repository import FIXED, bench, git, small


def test_a_fix_in_a_new_file_is_in_the_patch_and_is_graded(tmp_path):
    path = tmp_path / "repo"
    tree = workspace.create(small().mirror, small().base, path)
    (path / "kit" / "fixed.py").write_text(FIXED)
    (path / "kit" / "numbers.py").write_text("from kit.fixed import double, is_even\n")
    (path / "README.md").unlink()
    assert "kit/fixed.py" not in git(path, "diff"), "the fault"
    patch = workspace.diff(path, tree)
    assert "new file mode" in patch
    assert "deleted file mode" in patch
    assert grade(small().task, patch, bench())["verdict"] == "resolved"
