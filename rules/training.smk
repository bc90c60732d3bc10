# training: a training set -> an adapter per checkpoint; a card in every case, weights beside it only if trained.


rule train:
    """Train a recipe's adapter on the first sessions of its training half."""
    input:
        dataset="results/{repo}/{model}/{split}/{recipe}/dataset.jsonl",
        before=card_before,
        checkpoint=model_files,
    output:
        card="results/{repo}/{model}/{split}/{recipe}/adapters/{checkpoint}/card.json",
        loss="results/{repo}/{model}/{split}/{recipe}/adapters/{checkpoint}/loss.csv",
        timing="results/{repo}/{model}/{split}/{recipe}/adapters/{checkpoint}/timing.csv",
    log:
        "logs/{repo}/{model}/{split}/{recipe}/adapters/{checkpoint}.log",
    benchmark:
        "benchmarks/{repo}/{model}/{split}/{recipe}/adapters/{checkpoint}.tsv"
    threads: need("threads")
    resources:
        mem_mb=need("mem_mb"),
        runtime=need("runtime"),
        gpu=need("gpu"),
    params:
        recipe=recipe,
        model=conditions,
        since=since,
        embeddings=lambda wildcards: config["embeddings"] if embeds(recipe(wildcards)) else None,
        code=code_of("training", "knowledge"),
    script:
        "../scripts/training/train.py"
