"""The rule graph in the README."""

import pytest

from scripts.errors import UserError
from scripts.workflow.picture import END, START, with_picture

HEAD = "---\ntitle: DAG\n---\nflowchart TB\n"
GRAPH = HEAD + "\tid0[all]\n\tid1[b]\n\tid2[c]\n\tstyle id0 fill:#D95757\n\tid2 --> id0\n\tid1 --> id0\n"
AGAIN = HEAD + "\tid2[all]\n\tid1[c]\n\tid0[b]\n\tid0 --> id2\n\tid1 --> id2\n"


def test_the_graph_stands_between_its_marks_and_replaces_the_old_one():
    page = f"# a\n{START}\nold\n{END}\nb\n"
    once = with_picture(page, GRAPH)
    assert once == f"# a\n{START}\n```mermaid\nflowchart TB\n\tb --> all\n\tc --> all\n```\n{END}\nb\n"
    assert with_picture(once, AGAIN) == once, "the same rules in another order are the same picture"


def test_a_rule_without_arrows_is_shown():
    assert "\n\tall\n" in with_picture(f"{START}\n{END}\n", HEAD + "\tid0[all]\n")


def test_a_page_without_marks_is_refused():
    with pytest.raises(UserError, match="add the lines"):
        with_picture("# a\n", GRAPH)
