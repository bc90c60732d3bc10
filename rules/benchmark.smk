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


rule mine_repository:
    """Plant bugs in a user's repository, or in a package of the registry, and keep those that its tests find."""
    output:
        benchmark="results/{repo}/benchmark.json",
        bundle="results/{repo}/repository.bundle",
        left_out="results/{repo}/left_out_tests.csv",
    log:
        "logs/{repo}/mine_repository.log",
    benchmark:
        "benchmarks/{repo}/mine_repository.tsv"
    wildcard_constraints:
        repo=one_of(repos_from("mined")),
    threads: 2
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        block=mined,
        commit=lambda wildcards: version_of(repo(wildcards)["code"]),
        code=code_of("benchmark", "trajectories"),
    script:
        "../scripts/benchmark/mine_repository.py"


rule swe_bench_cl:
    """Take SWE-Bench-CL as published, or derive it from SWE-bench Verified by the published rule."""
    input:
        files=swe_bench_cl_files,
    output:
        benchmark=f"{CACHE}/benchmarks/swe-bench-cl.json",
        sources=f"{CACHE}/benchmarks/swe-bench-cl.sources.json",
    log:
        "logs/swe_bench_cl.log",
    benchmark:
        "benchmarks/swe_bench_cl.tsv"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        source=swe_bench_cl(),
        code=code_of("benchmark"),
    script:
        "../scripts/benchmark/swe_bench_cl.py"


rule sequence:
    """Take one repository's tasks out of SWE-Bench-CL."""
    input:
        benchmark=f"{CACHE}/benchmarks/swe-bench-cl.json",
    output:
        benchmark="results/{repo}/sequence.json",
    log:
        "logs/{repo}/sequence.log",
    benchmark:
        "benchmarks/{repo}/sequence.tsv"
    wildcard_constraints:
        repo=one_of(repos_from("swe-bench-cl")),
    resources:
        mem_mb=500,
        runtime=10,
    params:
        sequence=lambda wildcards: repo(wildcards)["sequence"],
        code=code_of("benchmark"),
    script:
        "../scripts/benchmark/sequence.py"


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


rule audit:
    """Does a task's text hold its fix, which earlier tasks touch its files, how much of each split's training half is later?"""
    input:
        tasks="results/{repo}/tasks.jsonl",
    output:
        audit="results/{repo}/audit.csv",
    log:
        "logs/{repo}/audit.log",
    benchmark:
        "benchmarks/{repo}/audit.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        splits=config["splits"],
        code=code_of("benchmark", "measures"),
    script:
        "../scripts/benchmark/audit.py"


rule validate:
    """Does the gold patch resolve each task, and the empty patch not?"""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
        environments=environments,
        swebench=swebench,
    output:
        validation="results/{repo}/validation.csv",
    log:
        "logs/{repo}/validate.log",
    benchmark:
        "benchmarks/{repo}/validate.tsv"
    resources:
        mem_mb=court_memory,
        runtime=court_minutes,
    params:
        limits=limits,
        runtime=runtime,
        strict=lambda wildcards: repo(wildcards)["source"] != "swe-bench-cl",
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
