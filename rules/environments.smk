# environments: the benchmark's own specifications -> what each version's environment is made of.


rule swebench:
    """The benchmark's specifications, parsers and graders, in an environment that nothing else shares."""
    input:
        requirements=SWEBENCH_PINS,
    output:
        card=SWEBENCH,
    log:
        "logs/swebench.log",
    benchmark:
        "benchmarks/swebench.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    script:
        "../scripts/verdicts/swebench_environment.py"


rule environments:
    """What each version of a repository needs to run its tests, and which tests each task runs."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
        swebench=swebench,
    output:
        environments="results/{repo}/environments.json",
    log:
        "logs/{repo}/environments.log",
    benchmark:
        "benchmarks/{repo}/environments.tsv"
    wildcard_constraints:
        repo=one_of(repos_from("swe-bench-cl") + repos_from("mined")),
    resources:
        mem_mb=500,
        runtime=10,
    params:
        python=lambda wildcards: repo(wildcards).get("python"),
        requirements=lambda wildcards: repo(wildcards).get("requirements", []),
        code=code_of("benchmark", "verdicts"),
    script:
        "../scripts/benchmark/environments.py"
