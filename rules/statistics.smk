# statistics: the tidy rows of a phase -> its tables and its verdict; seconds have a table of their own.


rule phase_summary:
    """Compare every arm of a phase with the base, split by split and over all of them."""
    input:
        runs=sessions("runs.csv"),
        retention=phase_retention,
        cards=phase_cards,
        splits=phase_splits,
    output:
        summary="results/{phase}/summary.csv",
        splits="results/{phase}/splits.csv",
        tests="results/{phase}/tests.csv",
        verdict="results/{phase}/verdict.json",
    log:
        "logs/{phase}/phase_summary.log",
    benchmark:
        "benchmarks/{phase}/phase_summary.tsv"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        phase=phase,
        sources=sources,
        statistics=config["statistics"],
        code=code_of("statistics", "measures"),
    script:
        "../scripts/statistics/phase_summary.py"


rule phase_timing:
    """What the time of a phase went into."""
    input:
        sessions=sessions("trajectories.jsonl"),
        trajectories=sessions("trajectories.timing.jsonl"),
        verdicts=sessions("verdicts.timing.jsonl"),
        validation=phase_validation,
        jobs=phase_benchmarks,
    output:
        timing="results/{phase}/timing.csv",
    log:
        "logs/{phase}/phase_timing.log",
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code_of("statistics", "measures"),
    script:
        "../scripts/statistics/phase_timing.py"


rule experiment_summary:
    """Compare the configurations of an experiment, choose the winner and read the registered criteria."""
    input:
        matrices=experiment_files("retention_matrix.csv"),
        bases=experiment_bases,
        cards=experiment_adapters("card.json"),
    output:
        summary="results/experiments/{experiment}/summary.csv",
        curves="results/experiments/{experiment}/curves.csv",
        levels="results/experiments/{experiment}/levels.csv",
        verdict="results/experiments/{experiment}/verdict.json",
    log:
        "logs/experiments/{experiment}/experiment_summary.log",
    benchmark:
        "benchmarks/experiments/{experiment}/experiment_summary.tsv"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        experiment=experiment,
        statistics=config["statistics"],
        code=code_of("statistics", "measures", "training"),
    script:
        "../scripts/statistics/experiment_summary.py"


rule experiment_timing:
    """What each consolidation of an experiment took, in seconds and in memory."""
    input:
        parts=experiment_adapters("timing.csv"),
    output:
        timing="results/experiments/{experiment}/timing.csv",
    log:
        "logs/experiments/{experiment}/experiment_timing.log",
    resources:
        mem_mb=500,
        runtime=10,
    params:
        experiment=experiment,
        code=code_of("statistics", "measures"),
    script:
        "../scripts/statistics/experiment_timing.py"


rule experiment_primary:
    """The primary tests of all experiments, with Holm's adjustment over them."""
    input:
        verdicts=expand("results/experiments/{name}/verdict.json", name=config.get("experiments", {})),
    output:
        primary="results/experiments/primary.csv",
    log:
        "logs/experiments/experiment_primary.log",
    benchmark:
        "benchmarks/experiments/experiment_primary.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code_of("statistics", "measures"),
    script:
        "../scripts/statistics/experiment_primary.py"
