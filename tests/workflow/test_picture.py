"""The rule graph in the README."""

import pytest

from scripts.errors import UserError
from scripts.workflow.picture import END, START, with_picture

GRAPH = "---\ntitle: DAG\n---\nflowchart TB\n\tid0[all]\n\tstyle id0 fill:#D95757\n\tid1 --> id0\n"


def test_the_graph_stands_between_its_marks_and_replaces_the_old_one():
    page = f"# a\n{START}\nold\n{END}\nb\n"
    once = with_picture(page, GRAPH)
    assert once == f"# a\n{START}\n```mermaid\nflowchart TB\n\tid0[all]\n\tid1 --> id0\n```\n{END}\nb\n"
    assert with_picture(once, GRAPH) == once


def test_a_page_without_marks_is_refused():
    with pytest.raises(UserError, match="add the lines"):
        with_picture("# a\n", GRAPH)
