# measures: sessions, verdicts and adapters -> one tidy row per run, and what each adapter kept of each session.


rule runs:
    """One row per task and run of an arm."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        trajectories="results/{repo}/{sessions}/trajectories.jsonl",
        verdicts="results/{repo}/{sessions}/verdicts.jsonl",
    output:
        runs="results/{repo}/{sessions}/runs.csv",
    log:
        "logs/{repo}/{sessions}/runs.log",
    benchmark:
        "benchmarks/{repo}/{sessions}/runs.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code_of("measures"),
    script:
        "../scripts/measures/runs.py"


rule retention:
    """How much of each training session the half and the full adapter still know."""
    input:
        dataset="results/{repo}/{model}/{split}/{recipe}/dataset.jsonl",
        cards=cards,
        checkpoint=model_files,
    output:
        retention="results/{repo}/{model}/{split}/{recipe}/retention.csv",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/retention.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/retention.tsv"
    threads: need("threads")
    resources:
        mem_mb=need("mem_mb"),
        runtime=need("runtime"),
        gpu=need("gpu"),
    params:
        model=conditions,
        embeddings=config["embeddings"]["checkpoint"],
        code=code_of("measures", "training", "knowledge"),
    script:
        "../scripts/measures/retention.py"


use rule retention as retention_matrix with:
    input:
        dataset="results/{repo}/{model}/{split}/{recipe}/dataset.jsonl",
        cards=all_cards,
        checkpoint=model_files,
    output:
        retention="results/{repo}/{model}/{split}/{recipe}/retention_matrix.csv",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/retention_matrix.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/retention_matrix.tsv"


rule retention_base:
    """What the base knows of each session before it has learned from any: retention does not begin at 0."""
    input:
        dataset="results/{repo}/{model}/{split}/{recipe}/dataset.jsonl",
        checkpoint=model_files,
    output:
        retention="results/{repo}/{model}/{split}/{recipe}/retention_base.csv",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/retention_base.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/retention_base.tsv"
    threads: need("threads")
    resources:
        mem_mb=need("mem_mb"),
        runtime=need("runtime"),
        gpu=need("gpu"),
    params:
        model=conditions,
        code=code_of("measures", "training"),
    script:
        "../scripts/measures/retention_base.py"
