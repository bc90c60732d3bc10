"""config.yaml, its schema and its comments say the same."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "config.yaml").read_text()


def uncommented(text: str) -> list[str]:
    """Keys in block style, each on a line of its own, without a comment on the line above; what a phase runs explains itself."""
    lines = text.splitlines()

    def search(node: yaml.Node):
        for key, value in node.value if isinstance(node, yaml.MappingNode) and not node.flow_style else []:
            if not lines[key.start_mark.line - 1].strip().startswith("#"):
                yield key.value
            if key.value != "runs":
                yield from search(value)

    return list(search(yaml.compose(text, yaml.SafeLoader)))


def leaves(schema: dict) -> dict[str, set[str]]:
    """Keys of each kind of block in the schema."""
    kinds = {**schema["$defs"], **schema["properties"], "": schema}
    return {kind: set(block["properties"]) for kind, block in kinds.items() if "properties" in block}


def test_every_key_has_a_comment():
    assert uncommented(TEXT) == []


def test_the_search_for_comments_fires():
    assert uncommented("# a\na: 1\nb:\n  # c\n  c: {d: 2}\n") == ["b"]


def test_config_has_every_key_of_the_schema(config, schema):
    found = leaves(schema)
    assert set(config) == found[""]
    for kind, name in (("repo", "repos"), ("model", "models"), ("recipe", "recipes"), ("phase", "phases")):
        for block in config[name].values():
            assert set(block) == found[kind], kind
    assert set.union(*(set(block) for block in config["splits"].values())) == found["split"]
    for name in ("embeddings", "knowledge", "statistics", "limits"):
        assert set(config[name]) == found[name]


def test_every_value_of_the_schema_has_a_remedy(schema):
    """A description completes "write ..." in an error."""

    def without(block: dict, path: str):
        for name, value in block.items():
            if not ({"description", "$ref"} & set(value)) and value.get("type") != "object":
                yield f"{path}.{name}"
            yield from without(value.get("properties", {}), f"{path}.{name}")

    assert list(without({**schema["properties"], **schema["$defs"]}, "")) == []


def test_overlays_are_yaml_with_known_top_keys(schema):
    for file in (ROOT / "studies").glob("*.yaml"):
        assert set(yaml.safe_load(file.read_text())) <= set(schema["properties"]), file
