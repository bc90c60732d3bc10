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
