"""The commands of a scaffold are shared by jobs that start while others are using them."""

from concurrent.futures import ThreadPoolExecutor

from scripts.trajectories import scaffold


def test_tools_are_made_once_and_never_written_again(tmp_path):
    """Every caller gets the same whole folder, and what stands in it keeps its place on disk."""
    tools = scaffold.load("tools")
    with ThreadPoolExecutor(8) as pool:
        (place,) = set(pool.map(lambda _: tools.tools_in(tmp_path), range(16)))
    before = {path.name: path.stat().st_ino for path in place.iterdir()}
    assert before.keys() == {"search", "view", "edit", "submit", "settings.json"}
    assert tools.tools_in(tmp_path) == place
    assert {path.name: path.stat().st_ino for path in place.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == [place.name], "nothing half made is left"


def test_other_settings_are_another_folder(tmp_path):
    """A changed switch never changes the tools of a session that is being played."""
    first = scaffold.load("tools").tools_in(tmp_path)
    assert scaffold.load("tools", {"fuzzy_edit": False}).tools_in(tmp_path) != first
