"""All sessions of one job: the model is loaded once, many tasks are played at a time, finished sessions are kept at once.

A session's key is the hash of everything that determines it; its conditions are the part that both arms of a comparison
must share. What stands in the store under the same key is not played again.
"""

import importlib.metadata
import logging
import platform
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.benchmark.mirror import mirror
from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.task import Task
from scripts.errors import UserError
from scripts.files import sha256_of, sha256_of_files, write_jsonl
from scripts.jobs import Progress
from scripts.store import Store
from scripts.trajectories import scaffold as scaffolds
from scripts.trajectories.checkpoint import fingerprint, resolve_checkpoint
from scripts.trajectories.engines import Ask, Engine
from scripts.trajectories.hardware import quantizer
from scripts.trajectories.limits import Limits
from scripts.trajectories.render import Renderer
from scripts.trajectories.session import Part, Stage, play

CACHE, STORE = Path("results/cache"), Path("results/store")
LIBRARIES = ("torch", "transformers", "peft", "xgrammar", "mini-swe-agent", "tokenizers")
ACTING = Path(__file__).parent
MODULES = (
    *("agent", "session", "render", "actions", "scaffold", "tools", "workspace", "gitdata"),
    *("sandbox", "action", "bubblewrap", "capture", "limits", "public", "seccomp", "watchdog"),
)


@dataclass(frozen=True)
class Cast:
    """Who plays: a model's block, the arm, where the replies come from, and what else determines them.

    engine: makes the Engine of a task; workers: sessions at a time; adapter: hash of the adapter's weights or None;
    memory: what each task is told of the past, by task id.
    """

    model: dict
    arm: str
    source: str
    engine: Callable[[Task], Engine]
    workers: int
    adapter: str | None = None
    memory: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def set_stage(model: dict, limits: dict, bundle: str, venue: Venue) -> Stage:
    """What all sessions of a job share, made ready: mirror, runtime, tools, scaffold, tokenizer."""
    scaffold, cache = scaffolds.load(model["scaffold"]), CACHE.absolute()
    repository = mirror(Path(bundle), cache / "mirrors")
    return Stage(
        mirror=repository,
        runtime=venue.runtime(repository, cache),
        limits=Limits(**{key: limits[key] for key in Limits.__dataclass_fields__}),
        tools=scaffold.tools_in(cache / "tools"),
        scaffold=scaffold,
        renderer=renderer(model["checkpoint"]),
        steps=limits["steps"],
        name=model["checkpoint"],
    )


def renderer(checkpoint: str) -> Renderer:
    """The tokenizer of a checkpoint with the ids that end a reply."""
    from transformers import AutoTokenizer, GenerationConfig

    folder = resolve_checkpoint(checkpoint, CACHE)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ends = GenerationConfig.from_pretrained(folder).eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    return Renderer(tokenizer, sorted({tokenizer.eos_token_id, *ends}))


def conditions(model: dict, stage: Stage, limits: dict) -> dict:
    """What both arms of a comparison must share."""
    code = [ACTING / f"{name}.py" for name in MODULES] + sorted((ACTING / "engines").glob("*.py"))
    code += [
        ACTING.parent / "training" / name
        for name in ("arrow.py", "gates.py", "merge.py", "mixture.py", "router.py")
    ]
    return {
        "model": {key: model[key] for key in sorted(model)},
        "weights": fingerprint(resolve_checkpoint(model["checkpoint"], CACHE)),
        "limits": limits,
        "scaffold": sha256_of(asdict(stage.scaffold)),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES} | quantizer(model),
        "python": platform.python_version(),
        "processor": processor(model["device"]),
        "code": sha256_of_files(code),
    }


def processor(device: str) -> str:
    """What rounds the sums: the instruction set that torch uses, or the GPU's name."""
    import torch

    if device.startswith("cuda") and torch.cuda.is_available():
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} {device} {torch.backends.cpu.get_cpu_capability()}"


def key(task: Task, run: int, cast: Cast, shared: str, memory: list[tuple[str, str]], runtime: str) -> str:
    """Hash of everything that determines a session; ``runtime`` is the runtime's fingerprint of the task."""
    return sha256_of(
        {
            "task": {
                "commit": task.base_commit,
                "tree": task.tree,
                "issue": task.problem_statement,
                "id": task.id,
            },
            "expert": _expert(task) if cast.source in ("expert", "habits") else None,
            "source": cast.source,
            "arm": cast.arm,
            "run": run,
            "adapter": cast.adapter,
            "memory": memory,
            "conditions": shared,
            "runtime": runtime,
        }
    )


def _expert(task: Task) -> list[str]:
    """What the expert's sessions depend on besides: its script, and the answer that it knows."""
    code = [ACTING / f"{name}.py" for name in ("expert", "habits")]
    return [sha256_of_files(code), sha256_of(task.patch)]


def play_all(tasks: list[Task], cast: Cast, stage: Stage, limits: dict) -> tuple[list[dict], list[dict]]:
    """Trajectories and timings of every task and run, in order. Infrastructure errors are listed, and not kept."""
    shared = sha256_of(conditions(cast.model, stage, limits))
    store = Store(STORE, "sessions")
    stage.runtime.prepare(tasks)
    progress = Progress(len(tasks) * cast.model["runs"], f"sessions, {cast.arm} arm")

    def one(task: Task, run: int) -> tuple[dict, dict]:
        memory, runtime = cast.memory.get(task.id, []), stage.runtime.fingerprint(task)
        name = key(task, run, cast, shared, memory, runtime)
        kept = store.get(name)
        if kept is None:
            ask = _ask(cast.model, stage, limits, task, run)
            trajectory, timing = play(Part(task, cast.engine, ask, tuple(memory)), stage)
            marks = {"run": run, "arm": cast.arm, "source": cast.source, "key": name}
            trajectory["extra"] |= {**marks, "conditions": sha256_of([shared, runtime])}
            kept = {"trajectory": trajectory, "timing": {**timing, "run": run}}
            if trajectory["extra"]["infrastructure"] is None:
                store.put(name, kept)
        return kept["trajectory"], kept["timing"]

    order = [(task, run) for task in tasks for run in range(cast.model["runs"])]
    with ThreadPoolExecutor(cast.workers) as pool:
        played = list(_watched(pool.map(lambda item: one(*item), order), progress))
    return [trajectory for trajectory, _ in played], [timing for _, timing in played]


def _ask(model: dict, stage: Stage, limits: dict, task: Task, run: int) -> Ask:
    """How replies are decoded; each session's random stream is its own."""
    seed = int(sha256_of([model["seed"], task.id, run])[:15], 16)
    return Ask(limits["new_tokens"], stage.renderer.ends, None, model["temperature"], seed)


def _watched(played: Iterable[tuple[dict, dict]], progress: Progress) -> Iterable[tuple[dict, dict]]:
    """The sessions as they come, with a line now and then: how many ended by submitting, tokens so far."""
    submitted = tokens = 0
    for trajectory, timing in played:
        submitted += trajectory["extra"]["exit_status"] == "Submitted"
        tokens += trajectory["extra"]["tokens_out"] or 0
        progress.advance(f"{submitted} submitted", tokens)
        yield trajectory, timing


@contextmanager
def local_engine(model: dict, adapter: Path | None = None, embed: Callable | None = None) -> Any:
    """The engine of a model's block, with an adapter or without; embed: of a mixture's queries, see training/mixture.py."""
    import torch

    from scripts.training.mixture import mixture
    from scripts.trajectories.engines.grammar import Grammars
    from scripts.trajectories.engines.local import LocalEngine, load

    torch.set_num_threads(model["threads"])
    folder = resolve_checkpoint(model["checkpoint"], CACHE)
    words = renderer(model["checkpoint"])
    weights = load(folder, adapter, model)
    check_context(model, getattr(weights.config, "max_position_embeddings", None))
    grammars = Grammars(words.tokenizer, weights.config.vocab_size, words.ends)
    engine = LocalEngine(weights, grammars, model["slots"], mixture(adapter, embed) if adapter else None)
    try:
        yield engine
    finally:
        engine.close()
        logging.getLogger("engine").info("%d tokens decoded", engine.tokens_decoded)


def check_context(model: dict, context: int | None) -> None:
    """UserError where the scaffold's prompts would not fit into the model's context (tokens; None: not known)."""
    budget = scaffolds.load(model["scaffold"]).history_tokens
    if context is not None and budget > context:
        where, what = (
            f"scaffold {model['scaffold']}",
            f"history_tokens is {budget}, the model reads {context}",
        )
        raise UserError(where, what, f"set history_tokens to at most {context}, or take another scaffold")


def record(output: Any, played: tuple[list[dict], list[dict]]) -> None:
    """Write a job's two files, what must be identical and what cannot be."""
    write_jsonl(output.trajectories, played[0])
    write_jsonl(output.timing, played[1])
