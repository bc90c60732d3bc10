"""Streams over repositories: positions count on, and nothing of a part is lost or changed."""

from scripts.synthesis.stream_dataset import strung

HEADER = {
    "source": "own",
    "sessions": 2,
    "examples": 2,
    "actions_in": 8,
    "actions_out": 7,
    "turns_too_long": 1,
    "answers": 3,
}


def part(name, positions):
    rows = [
        {"instance_id": f"{name}-{position}", "position": position, "input_ids": [position]}
        for position in positions
    ]
    return [{**HEADER, "source_sha256": name}, *rows]


def test_positions_count_on_from_where_a_part_ends_used_or_not():
    header, *rows = strung([part("a", [1, 3]), part("b", [2, 4])], [5, 4])
    assert [(row["instance_id"], row["position"]) for row in rows] == [
        ("a-1", 1),
        ("a-3", 3),
        ("b-2", 7),
        ("b-4", 9),
    ]
    assert [row["input_ids"] for row in rows] == [[1], [3], [2], [4]]
    assert {name: header[name] for name in HEADER} == {
        **{name: 2 * HEADER[name] for name in HEADER if name != "source"},
        "source": "own",
    }


def test_the_hash_is_that_of_all_parts_in_their_order():
    one, other = (
        strung(parts, [5, 5])[0]["source_sha256"]
        for parts in ([part("a", [1]), part("b", [1])], [part("b", [1]), part("a", [1])])
    )
    assert one != other
