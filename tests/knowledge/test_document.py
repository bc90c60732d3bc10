from scripts.knowledge.document import CHANGED_LINES, change, document, issue


def test_a_document_has_the_four_facts(sessions, tasks):
    assert document(sessions[0], "resolved", tasks[0]) == (
        "Issue: slugify drops the last word / slugify('a b c') gives 'a-b', I expected 'a-b-c'.\n"
        "Looked at: pocket/text.py (slugify)\n"
        "Change: pocket/text.py\n"
        "-    return slugify_of(value, 1)\n"
        "+    return slugify_of(value, 0)\n"
        "Outcome: resolved"
    )


def test_a_session_that_did_nothing(sessions, tasks):
    idle = sessions[0] | {"messages": [], "extra": {"run": 0, "patch": "", "actions": []}}
    assert document(idle, None, tasks[0]).endswith("Looked at: nothing\nChange: none\nOutcome: not judged")


def test_an_issue_is_cut_and_loses_the_tracker_s_words():
    django = (
        "Paginator __iter__\nDescription\n\t \n\t\t(last modified by Alex Gaynor)\n\t \nRight now\n"
        + "x " * 900
    )
    assert issue(django).startswith("Paginator __iter__ / Right now / x x")
    assert 230 < len(issue(django)) <= 240


def test_a_change_is_read_by_hunks_and_cut():
    lines = "".join(f"+line {number}\n" for number in range(30))
    header = "diff --git a/sql/q.py b/sql/q.py\n--- a/sql/q.py\n+++ b/sql/q.py\n"
    patch = f"{header}@@ -1,2 +1,30 @@\n--- old comment\n{lines}"
    shown = change(patch).splitlines()
    assert shown[:3] == ["sql/q.py", "--- old comment", "+line 0"]
    assert shown[-1] == "(22 more lines)"
    assert len(shown) == CHANGED_LINES + 1
