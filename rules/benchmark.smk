# benchmark: sources of a repository -> its tasks, its splits, one bundle with every base commit, and a check of every task.


rule mine_pocket:
    """Plant bugs in the embedded package by rule, and keep those that its tests find."""
    input:
        package=pocket_files(),
    output:
        benchmark="results/{repo}/benchmark.json",
        bundle="results/{repo}/repository.bundle",
    log:
        "logs/{repo}/mine_pocket.log",
    benchmark:
        "benchmarks/{repo}/mine_pocket.tsv"
    wildcard_constraints:
        repo=one_of(repos_from("pocket")),
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        package=lambda wildcards: resource("pocket"),
        seed=lambda wildcards: config["repos"][wildcards.repo]["seed"],
        code=code_of("benchmark"),
    script:
        "../scripts/benchmark/mine_pocket.py"


rule base_commits:
    """Fetch what each task starts from: commits of a git repository, or releases minus the fix."""
    input:
        sequence="results/{repo}/sequence.json",
    output:
        benchmark="results/{repo}/benchmark.json",
        bundle="results/{repo}/repository.bundle",
        left_out="results/{repo}/left_out.csv",
    log:
        "logs/{repo}/base_commits.log",
    benchmark:
        "benchmarks/{repo}/base_commits.tsv"
    wildcard_constraints:
        repo=one_of(repos_from("swe-bench-cl")),
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        source=lambda wildcards: config["repos"][wildcards.repo]["code"],
        code=code_of("benchmark"),
    script:
        "../scripts/benchmark/base_commits.py"


rule tasks:
    """Take the study's tasks in the study's order."""
    input:
        benchmark="results/{repo}/benchmark.json",
    output:
        tasks="results/{repo}/tasks.jsonl",
    log:
        "logs/{repo}/tasks.log",
    benchmark:
        "benchmarks/{repo}/tasks.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        tasks=lambda wildcards: config["repos"][wildcards.repo]["tasks"],
        order=lambda wildcards: config["repos"][wildcards.repo]["order"],
        code=code_of("benchmark"),
    script:
        "../scripts/benchmark/tasks.py"


rule validate:
    """Does the gold patch resolve each task, and the empty patch not?"""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
    output:
        validation="results/{repo}/validation.csv",
        timing="results/{repo}/validation.timing.csv",
    log:
        "logs/{repo}/validate.log",
    benchmark:
        "benchmarks/{repo}/validate.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        limits=config["limits"],
        code=code_of("benchmark", "verdicts", "trajectories"),
    script:
        "../scripts/benchmark/validate.py"


rule splits:
    """Which tasks are learned from, which are tested, and which are left out."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        validation="results/{repo}/validation.csv",
    output:
        split="results/{repo}/splits/{split}.json",
    log:
        "logs/{repo}/splits/{split}.log",
    benchmark:
        "benchmarks/{repo}/splits/{split}.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        rule=lambda wildcards: config["splits"][wildcards.split],
        code=code_of("benchmark"),
    script:
        "../scripts/benchmark/splits.py"
