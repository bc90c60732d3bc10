"""What the audit says of tasks made for it, and of the published ones."""

from types import SimpleNamespace

import pandas as pd
import pytest

from scripts.benchmark.audit import audit, main
from scripts.benchmark.leaks import SHORTEST, leak_share, leaked_lines
from scripts.benchmark.splits import split
from scripts.benchmark.task import Task, check_tasks, load_benchmark, load_sequence
from scripts.benchmark.tasks import choose, rows
from scripts.files import write_jsonl
from scripts.report import audit as report

from .published_data import PUBLISHED, needs_data
from .test_task import PATCH, RECORD

SPLITS = {"A": {"rule": "first"}, "C": {"rule": "odd"}, "D": {"rule": "random", "seed": 42}}
# Issue texts with at least half of the lines of their fix, in all 273 tasks.
HOLDING = {
    *(f"django__django-{number}" for number in (11066, 11163, 11451, 11951, 12304, 13410)),
    *(f"sympy__sympy-{number}" for number in (13372, 14711, 16766)),
    *(f"scikit-learn__scikit-learn-{number}" for number in (12585, 13496, 14710, 14894)),
    *("matplotlib__matplotlib-26291", "astropy__astropy-14182", "pydata__xarray-4629"),
}


def patch(*added: str, removed: tuple[str, ...] = ("old = value_of(it)",), file: str = "m.py") -> str:
    body = "".join(f"-{line}\n" for line in removed) + "".join(f"+{line}\n" for line in added)
    head = f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n"
    return f"{head}@@ -1,{len(removed)} +1,{len(added)} @@\n{body}"


def task(name: str, day: int, files: tuple[str, ...], issue: str = "it is wrong") -> Task:
    metadata = RECORD["metadata"] | {"instance_id": name, "created_at": f"2024-01-{day:02}T00:00:00+00:00"}
    grading = RECORD["evaluation"] | {"patch": "".join(PATCH.replace("m.py", file) for file in files)}
    return Task.from_record(
        RECORD
        | {
            "metadata": metadata,
            "evaluation": grading,
            "task": {"problem_statement": issue, "hints_text": ""},
        },
        "file",
    )


def test_share_of_the_long_added_lines_that_stand_in_the_text():
    fix = patch("first = compute(1)", "    second = compute(2)", "x = 1")
    assert leak_share("try first =  compute(1)", fix) == 0.5
    assert leak_share("first = compute(1)\nsecond = compute(2)", fix) == 1
    assert leak_share("x = 1", fix) == 0
    assert len("x = 1") < SHORTEST
    assert leak_share("x = 1", patch("x = 1")) is None


def test_a_line_that_only_moved_tells_nothing():
    fix = patch("if right(it):", "    old = value_of(it)")
    assert leaked_lines("I see old = value_of(it) there", fix) == []
    assert leak_share("if right(it): maybe", fix) == 1


def test_a_receiver_may_be_left_out_and_hidden_characters_do_not_hide():
    assert leak_share("declare do_not_call = True", patch("cls.do_not_call = True")) == 1
    assert leak_share("declare \u200bdo_not_call\u200b = True", patch("self.do_not_call = True")) == 1
    assert leak_share("declare do_not_call = True", patch("other.do_not_call = True")) == 0
    assert leak_share("say a = True", patch("self.a = True")) == 0  # too short without it


def test_dependencies_are_the_earlier_tasks_of_this_order():
    tasks = [
        task("a", 3, ("m.py",)),
        task("b", 1, ("n.py", "m.py")),
        task("c", 2, ("o.py",)),
        task("d", 4, ("n.py",)),
    ]
    for order, expected in (
        ("chronological", {"a": ["b"], "d": ["b"]}),
        ("curriculum", {"a": ["b"], "d": ["b"]}),
    ):
        found = {
            row["metadata"]["instance_id"]: row["rehearsal"] for row in rows(choose(tasks, order, 4, ""))
        }
        assert {name: ours["depends_on"] for name, ours in found.items() if ours["depends_on"]} == expected
    given = {row["metadata"]["instance_id"]: row["rehearsal"] for row in rows(tasks)}
    assert (given["a"]["depends_on"], given["b"]["depends_on"]) == ([], ["a"])
    assert (given["b"]["shared_files"], given["d"]["shared_files"]) == (["m.py"], ["n.py"])


def test_later_training_items_agree_with_the_splits_own_share():
    """A split's post_dating_share is above zero exactly where the audit counts a later item for some test task."""
    tasks = [
        task(name, day, (f"{name}.py",))
        for name, day in zip("abcdefgh", (5, 1, 8, 2, 7, 3, 6, 4), strict=True)
    ]
    for order in (tasks, sorted(tasks, key=lambda one: one.date)):
        chosen = check_tasks(rows(order), "file")
        for name, rule in SPLITS.items():
            half = split(name, chosen, {one.id for one in chosen}, rule)
            counts = {row["task"]: row[f"later_{name}"] for row in audit(chosen, SPLITS)}
            assert {one for one, count in counts.items() if count is None} == set(half["train"])
            dates = {one.id: one.date for one in chosen}
            for one in half["test"]:
                assert counts[one] == sum(dates[other] > dates[one] for other in half["train"])
            assert max(counts[one] for one in half["test"]) == round(
                half["post_dating_share"] * len(half["train"])
            )


def test_the_rule_and_the_page(tmp_path):
    write_jsonl(
        tmp_path / "tasks.jsonl",
        rows(
            [
                task("a", 1, ("m.py",), "a = 2"),
                task("b", 2, ("m.py",)),
                task("c", 3, ("m.py",)),
                task("d", 4, ("n.py",)),
            ]
        ),
    )
    rule = SimpleNamespace(
        rule="audit",
        log=[tmp_path / "log"],
        input=SimpleNamespace(tasks=tmp_path / "tasks.jsonl"),
        output=SimpleNamespace(audit=tmp_path / "audit.csv"),
        params=SimpleNamespace(splits=SPLITS),
    )
    main(rule)
    found = report.read(tmp_path / "audit.csv")
    assert list(found["depends_on"]) == ["", "a", "a b", ""]
    assert list(found["later_A"]) == ["", "", "0", "0"]
    html = report.section({"kit": found})
    assert (
        "kit: of 4 tasks 0 have an issue text that holds the fix, 0 one with" in html
        and "2 share a file" in html
    )
    assert "nan" not in html and "<td>–</td>" in html
    assert report.section({}) == ""


def audited() -> pd.DataFrame:
    """Every published task, audited in the study's order."""
    found = []
    for one in load_benchmark(PUBLISHED):
        tasks = load_sequence(PUBLISHED, one["repo"])
        found += audit(check_tasks(rows(choose(tasks, "chronological", len(tasks), "")), ""), SPLITS)
    return pd.DataFrame(found).set_index("task")


@needs_data
def test_published_tasks_whose_text_holds_the_fix():
    table = audited()
    assert set(table.index[table["holds_fix"] == 1]) == HOLDING
    assert {"django__django-12304", "django__django-13410"} < HOLDING
    assert table.loc["django__django-12304", "leak_share"] == 1.0
    assert table.loc["django__django-13410", "leak_share"] == 0.75
    assert (table["leak_share"] > 0).sum() == 27
    assert (table["later_A"].dropna() == 0).all() and (table["later_C"].dropna() > 0).any()


@needs_data
@pytest.mark.parametrize(("repo", "dependent"), [("django/django", 14), ("sphinx-doc/sphinx", 23)])
def test_published_tasks_that_share_files(repo, dependent):
    tasks = load_sequence(PUBLISHED, repo)
    found = rows(choose(tasks, "chronological", len(tasks), ""))
    assert sum(bool(row["rehearsal"]["depends_on"]) for row in found) == dependent
    for row in found:  # within the sequence, the published dependencies are ours: both go by date
        known = {task.id for task in tasks}
        assert set(row["continual_learning"]["dependencies"]) & known == set(row["rehearsal"]["depends_on"])
