# synthesis: the sessions of a training half -> a training set, in the form in which the agent runs.


rule dataset:
    """Render a recipe's usable sessions as training examples."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        split="results/{repo}/splits/{split}.json",
        trajectories=source("trajectories.jsonl"),
        verdicts=source("verdicts.jsonl"),
        checkpoint=model_files,
        scaffold=scaffold,
    output:
        dataset="results/{repo}/{model}/{split}/{recipe}/dataset.jsonl",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/dataset.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/dataset.tsv"
    wildcard_constraints:
        repo=one_of(config["repos"]),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        recipe=recipe,
        model=conditions,
        code=code_of("synthesis", "trajectories"),
    script:
        "../scripts/synthesis/dataset.py"


rule stream_dataset:
    """String the training sets of several repositories together, for streams that no single one is long enough for."""
    input:
        datasets=parts_of_stream,
    output:
        dataset="results/{repo}/{model}/{split}/{recipe}/dataset.jsonl",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/dataset.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/dataset.tsv"
    wildcard_constraints:
        repo=one_of(config.get("streams", {})),
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        sizes=sizes_of_stream,
        code=code_of("synthesis"),
    script:
        "../scripts/synthesis/stream_dataset.py"
