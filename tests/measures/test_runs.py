"""Sessions and verdicts become one tidy row a run."""

import pytest

from scripts.errors import UserError
from scripts.measures.runs import COLUMNS, names_of, tidy
from scripts.measures.tables import read_table, to_csv

NAMES = {"repo": "pocket", "model": "tiny", "split": "A", "recipe": "full-replay", "arm": "skill"}
TASKS = [
    {"metadata": {"instance_id": name}, "rehearsal": {"stratum": "fresh"}} for name in ("first", "second")
]


def session(task: str, run: int = 0, infrastructure: str | None = None) -> dict:
    actions = [{"command": "view a.py", "tool": "view", "returncode": 0, "success": True}]
    actions += [{"command": "edit a.py", "tool": "edit", "returncode": 1, "success": False}]
    extra = {"run": run, "steps": 2, "model_calls": 3, "tokens_in": 90, "tokens_out": 9, "actions": actions}
    return {
        "instance_id": task,
        "extra": extra | {"conditions": "abc", "retrieved": ["old"], "infrastructure": infrastructure},
    }


def graded(task: str, verdict: str = "resolved", run: int = 0) -> dict:
    resolved = {"resolved": True, "infrastructure": None}.get(verdict, False)
    fractions = {"fail_to_pass_fraction": 1.0, "test_pass_fraction": 1.0} if resolved is not None else {}
    blank = {"fail_to_pass_fraction": None, "test_pass_fraction": None}
    row = {"instance_id": task, "run": run, "verdict": verdict, "resolved": resolved}
    return row | blank | fractions | {"dropped": ["conftest.py"], "conditions": "python 3.6"}


def test_a_row_a_run_in_the_order_of_tasks() -> None:
    rows = tidy(
        TASKS, [session("second"), session("first")], [graded("first"), graded("second", "unresolved")], NAMES
    )
    assert [(row["task"], row["position"], row["resolved"]) for row in rows] == [
        ("first", 1, 1),
        ("second", 2, 0),
    ]
    assert set(rows[0]) == set(COLUMNS)
    found = {
        name: rows[0][name] for name in ("tokens", "tool_efficiency_calls", "retrieved", "dropped", "stratum")
    }
    assert found == {
        "tokens": 99,
        "tool_efficiency_calls": 0.5,
        "retrieved": 1,
        "dropped": 1,
        "stratum": "fresh",
    }


def test_conditions_are_those_of_the_session_and_of_its_verdict() -> None:
    def conditions(session_: dict, verdict: dict) -> str | None:
        return tidy(TASKS, [session_], [verdict], NAMES)[0]["conditions"]

    same = conditions(session("first"), graded("first"))
    other = session("first")
    other["extra"]["conditions"] = "abd"
    assert same == conditions(session("first"), graded("first", "unresolved"))
    assert same != conditions(other, graded("first"))
    assert same != conditions(session("first"), graded("first") | {"conditions": "python 3.11"})
    other["extra"]["conditions"] = None
    assert conditions(other, graded("first")) is None


@pytest.mark.parametrize("which", ["session", "verdict"])
def test_infrastructure_is_no_result(which: str) -> None:
    lost = session("first", infrastructure="wall clock" if which == "session" else None)
    verdict = graded("first", "empty" if which == "session" else "infrastructure")
    (row,) = tidy(TASKS, [lost], [verdict], NAMES)
    assert (row["verdict"], row["resolved"], row["fail_to_pass_fraction"]) == ("infrastructure", None, None)


def test_a_session_that_never_happened_has_no_counts() -> None:
    nothing = dict.fromkeys(("steps", "model_calls", "tokens_in", "tokens_out")) | {"actions": []}
    lost = session("first", infrastructure="the engine stopped")
    lost["extra"] |= nothing
    (row,) = tidy(TASKS, [lost], [graded("first", "infrastructure")], NAMES)
    assert [row[name] for name in ("tokens", "steps", "tool_efficiency_calls", "resolved")] == [None] * 4


@pytest.mark.parametrize(
    "sessions, verdicts, message",
    [
        ([session("first")], [], "session or verdict without the other"),
        ([session("first")], [graded("first"), graded("second")], "session or verdict without the other"),
        ([session("third")], [graded("third")], "third, which is not in tasks.jsonl"),
        ([session("first"), session("first")], [graded("first")], "a task's run is there twice"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(sessions: list, verdicts: list, message: str) -> None:
    with pytest.raises(UserError, match=message):
        tidy(TASKS, sessions, verdicts, NAMES)


def test_the_folder_names_the_arm() -> None:
    assert names_of("pocket", "tiny/A/full-replay/skill") == NAMES
    assert names_of("pocket", "tiny/base") == NAMES | {"split": "", "recipe": "", "arm": "base"}


def test_tables_keep_empty_and_zero_apart(tmp_path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(
        to_csv([{"task": "a", "x": 0.1 + 0.2}, {"task": "b", "x": None}, {"x": -0.0}], ("task", "x"))
    )
    assert path.read_text() == "task,x\na,0.3\nb,\n,0\n"
    table = read_table(path, ["x"])
    assert table["task"].tolist() == ["a", "b", ""] and table["x"].isna().tolist() == [False, True, False]


def test_a_torn_table_is_refused(tmp_path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("task,x\na,much\n")
    with pytest.raises(UserError, match="column x"):
        read_table(path, ["x"])
    with pytest.raises(UserError, match="column steps is missing"):
        read_table(path, ["steps"])
    for torn in (b"", b"\xff\xfe", b'a,b\n"1'):
        path.write_bytes(torn)
        with pytest.raises(UserError, match=r"runs\.csv: it is no table .*delete the file"):
            read_table(path, [])
