"""Many verdicts at a time, each patch of a task graded once and kept in the store."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.benchmark.mirror import mirror
from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.task import Task
from scripts.files import sha256_of
from scripts.store import Store
from scripts.trajectories.limits import Limits
from scripts.verdicts.grade import Bench, grade

CACHE, STORE = Path("results/cache"), Path("results/store")
_ROOMS = Path(__file__).parents[1]
GRADING = {
    "verdicts": (
        *("assemble", "grade", "protect", "report", "inside/judge", "signed", "swebench"),
        *("official_run", "official/bare", "official/grader"),
    ),
    "trajectories": (
        "action",
        "bubblewrap",
        "capture",
        "gitdata",
        "limits",
        "public",
        "sandbox",
        "seccomp",
        "watchdog",
        "workspace",
    ),
}

Pair = tuple[Task, str]  # a task and a patch
Result = tuple[dict, float]  # its verdict and the seconds it took


@dataclass(frozen=True)
class Court:
    """What all verdicts of a job share."""

    bench: Bench
    store: Store
    threads: int
    same: str  # hash of what determines a verdict beside task and patch

    def key(self, task: Task, patch: str) -> str:
        """Everything that determines a verdict."""
        record = {name: task.record[name] for name in ("metadata", "evaluation")}
        shared = {"conditions": self.conditions(task)}
        return sha256_of({"task": record, "tree": task.tree, "patch": patch, **shared})

    def conditions(self, task: Task) -> str:
        """Hash of what all verdicts on a task must share to be compared: how tests are run, read, and where."""
        return sha256_of({"same": self.same, "runtime": self.bench.runtime.fingerprint(task)})

    def judge(self, task: Task, patch: str) -> Result:
        """Verdict and seconds, from the store or from a run; infrastructure is never kept, so it is tried
        again.
        """
        key = self.key(task, patch)
        kept = self.store.get(key)
        if kept is None:
            start = time.monotonic()
            verdict = grade(task, patch, self.bench)
            kept = {"verdict": verdict, "seconds": time.monotonic() - start}
            if verdict["test_pass_fraction"] is not None:
                self.store.put(key, kept)
        return kept["verdict"], kept["seconds"]


def open_court(
    venue: Venue, bundle: str, limits: dict, threads: int, cache: Path = CACHE, store: Path = STORE
) -> Court:
    """Make ready what verdicts need. ``limits`` is the configuration's block; what is not the sandbox's is
    not used.
    """
    own = Limits(**{name: limits[name] for name in Limits.__dataclass_fields__})
    modules = [f"{room}/{name}.py" for room, names in GRADING.items() for name in names]
    code = sha256_of({name: (_ROOMS / name).read_text() for name in modules})
    same = sha256_of({"code": code, "limits": asdict(own), "graders": venue.graders()})
    repository = mirror(Path(bundle), cache / "mirrors")
    bench = Bench(repository, venue.runtime(repository, cache), venue.harness(), own)
    return Court(bench, Store(store, "verdicts"), threads, same)


def judge_all(court: Court, pairs: Iterable[Pair], done: Callable[[dict], None]) -> list[Result]:
    """Results in the order of the pairs; equal pairs are judged once, ``done`` is called as each pair
    finishes.
    """
    keyed = [(court.key(*pair), pair) for pair in pairs]
    with ThreadPoolExecutor(court.threads) as pool:
        futures = {key: pool.submit(court.judge, *pair) for key, pair in dict(keyed).items()}
        try:
            for future in as_completed(futures.values()):
                done(future.result()[0])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [futures[key].result() for key, _ in keyed]
