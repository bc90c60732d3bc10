# verdicts: the patch of every session -> resolved or not, test by test, in a second fresh sandbox.


rule verdicts:
    """Run each task's tests on each session's patch."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
        environments=environments,
        swebench=swebench,
        trajectories="results/{repo}/{sessions}/trajectories.jsonl",
    output:
        verdicts="results/{repo}/{sessions}/verdicts.jsonl",
        timing="results/{repo}/{sessions}/verdicts.timing.jsonl",
    log:
        "logs/{repo}/{sessions}/verdicts.log",
    benchmark:
        "benchmarks/{repo}/{sessions}/verdicts.tsv"
    resources:
        mem_mb=court_memory,
        runtime=court_minutes,
    params:
        limits=limits,
        runtime=runtime,
        code=code_of("verdicts", "trajectories", "benchmark/runtimes"),
    script:
        "../scripts/verdicts/verdicts.py"
