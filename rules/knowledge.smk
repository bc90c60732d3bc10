# knowledge: the sessions a recipe learns from -> an index to look them up, over the very same sessions.


rule index:
    """Index summaries of a training half's sessions, by words and by meaning."""
    input:
        tasks="results/{repo}/tasks.jsonl",
        split="results/{repo}/splits/{split}.json",
        trajectories=source("trajectories.jsonl"),
        verdicts=source("verdicts.jsonl"),
    output:
        index="results/{repo}/{model}/{split}/{recipe}/index.npz",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/index.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/index.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        recipe=recipe,
        embeddings=config["embeddings"]["checkpoint"],
        cache=CACHE,
        code=code_of("knowledge", "synthesis"),
    script:
        "../scripts/knowledge/index.py"
