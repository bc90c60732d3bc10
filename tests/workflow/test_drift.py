"""config.yaml, its schema and its comments say the same."""

import itertools
import textwrap
from pathlib import Path

import yaml

from scripts.workflow.config import faults

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "config.yaml").read_text()
EXAMPLES = TEXT.split("; example:\n")[1:]


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


def example(number: int) -> str:
    """A commented example of config.yaml without its comment signs: up to the first line that is no comment."""
    lines = itertools.takewhile(lambda line: line.startswith("#"), EXAMPLES[number].splitlines())
    return textwrap.dedent("\n".join(line[1:] for line in lines))


STRATEGIES = {"partial_replay", "mole", "ewc", "adaptive_rank"}  # each has a block of keys of its own


def test_the_strategies_keys_are_shown(schema):
    shown = yaml.safe_load(example(4))
    assert {name: set(block) for name, block in shown.items()} == {
        name: leaves(schema)[name] for name in STRATEGIES
    }


def test_every_key_has_a_comment():
    assert uncommented(TEXT) == []
    assert [uncommented(example(number)) for number in range(6)] == [[]] * 6


def test_the_search_for_comments_fires():
    assert uncommented("# a\na: 1\nb:\n  # c\n  c: {d: 2}\n") == ["b"]


def test_config_has_every_key_of_the_schema(config, schema):
    found = leaves(schema)
    assert set(config) == found[""] - {"benchmarks", "imports", "streams", "experiments"}
    for kind, name in (("model", "models"), ("recipe", "recipes"), ("phase", "phases")):
        for block in config[name].values():
            assert set(block) == found[kind] - STRATEGIES, kind
    assert set.union(*(set(block) for block in config["splits"].values())) == found["split"]
    for name in ("embeddings", "knowledge", "statistics", "limits"):
        assert set(config[name]) == found[name]


def test_the_examples_of_config_have_every_key_of_their_kind_and_no_fault(config, schema):
    found, repos, benchmarks = leaves(schema), yaml.safe_load(example(0)), yaml.safe_load(example(1))
    for block in (config["repos"] | repos).values():
        assert set(block) == found[f"repo-{block['source']}"]
    assert {block["source"] for block in (config["repos"] | repos).values()} == {
        "pocket",
        "swe-bench-cl",
        "mined",
    }
    assert set(benchmarks["swe-bench-cl"]) == found["benchmark-published"] > found["benchmark-verified"]
    config["repos"] |= repos | {"sympy": repos["django"]}
    config["benchmarks"], config["imports"] = benchmarks, yaml.safe_load(example(2))
    config["streams"], config["experiments"] = yaml.safe_load(example(3)), yaml.safe_load(example(5))
    config["splits"]["stream"] = {"rule": "all"}
    own = config["recipes"]["full-replay"]
    ewc = {**own, "strategy": "ewc", "ewc": yaml.safe_load(example(4))["ewc"]}
    config["recipes"] |= {"naive": {**own, "strategy": "naive"}, "ewc": ewc}
    assert set(config["experiments"]["4"]) == found["experiment"]
    assert faults(config, [ROOT / "config.yaml"], schema, ["tools", "bash"]) == []


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
