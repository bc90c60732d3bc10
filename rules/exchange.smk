# exchange: sessions and verdicts in the files of SWE-bench, and sessions of mini-swe-agent as sources of training.

from scripts.exchange.places import run_of, runs_key, sessions_of_run


rule predictions:
    """The first run of every session of a folder as SWE-bench predictions, and its verdicts as official reports."""
    input:
        trajectories=lambda wildcards: setup.checked(
            runs_key(wildcards.sessions), CONFIGS, sessions_of_run, wildcards, config["models"]
        ),
        verdicts="results/{repo}/{sessions}/verdicts.jsonl",
    output:
        predictions="results/{repo}/{sessions}/preds.jsonl",
        report="results/{repo}/{sessions}/report.json",
        summary="results/{repo}/{sessions}/summary.json",
    log:
        "logs/{repo}/{sessions}/predictions.log",
    benchmark:
        "benchmarks/{repo}/{sessions}/predictions.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        run=run_of,
        code=code_of("exchange"),
    script:
        "../scripts/exchange/predictions.py"


# Where a model's block asks for several runs of a task; an official file holds one prediction per task.
use rule predictions as predictions_of_run with:
    output:
        predictions="results/{repo}/{sessions}/preds-{run}.jsonl",
        report="results/{repo}/{sessions}/report-{run}.json",
        summary="results/{repo}/{sessions}/summary-{run}.json",
    log:
        "logs/{repo}/{sessions}/predictions-{run}.log",
    benchmark:
        "benchmarks/{repo}/{sessions}/predictions-{run}.tsv"


rule official:
    """Do the official graders say of our predictions what our reports say? Their tests are run once more."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
        environments=environments,
        swebench=swebench,
        predictions="results/{repo}/{sessions}/preds.jsonl",
        report="results/{repo}/{sessions}/report.json",
    output:
        official="results/{repo}/{sessions}/official.csv",
    log:
        "logs/{repo}/{sessions}/official.log",
    benchmark:
        "benchmarks/{repo}/{sessions}/official.tsv"
    wildcard_constraints:
        repo=one_of(repos_from("swe-bench-cl")),
    resources:
        mem_mb=court_memory,
        runtime=court_minutes,
    params:
        limits=limits,
        runtime=runtime,
        code=code_of("exchange", "verdicts", "trajectories", "benchmark/runtimes"),
    script:
        "../scripts/exchange/official.py"


rule imported_trajectories:
    """Sessions that mini-swe-agent played elsewhere, said in the form of the model's scaffold."""
    input:
        files=imported,
        tasks="results/{repo}/tasks.jsonl",
        checkpoint=model_files,
        scaffold=scaffold,
    output:
        trajectories="results/{repo}/{model}/imported/trajectories.jsonl",
        left_out="results/{repo}/{model}/imported/left_out.csv",
    log:
        "logs/{repo}/{model}/imported/trajectories.log",
    benchmark:
        "benchmarks/{repo}/{model}/imported/trajectories.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        model=conditions,
        limits=limits,
        code=code_of("exchange", "trajectories"),
    script:
        "../scripts/exchange/imported_trajectories.py"
