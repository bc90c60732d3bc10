# report: the tables of a phase -> figures and a page to read; `snakemake --report` puts both into one file.


rule figures:
    """What a person would want to see of a phase."""
    input:
        summary="results/{phase}/summary.csv",
        splits="results/{phase}/splits.csv",
        losses=phase_losses,
        retention=phase_retention,
    output:
        resolve_rate=shown("resolve_rate", "figures/resolve_rate.svg"),
        forward_transfer=shown("forward_transfer", "figures/forward_transfer.svg"),
        effort=shown("effort", "figures/effort.svg"),
        loss=shown("loss", "figures/loss.svg"),
        retention=shown("retention", "figures/retention.svg"),
    log:
        "logs/{phase}/figures.log",
    benchmark:
        "benchmarks/{phase}/figures.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("report", "measures"),
    script:
        "../scripts/report/figures.py"


rule table:
    """The results of a phase in sentences and plain tables."""
    input:
        summary="results/{phase}/summary.csv",
        splits="results/{phase}/splits.csv",
        verdict="results/{phase}/verdict.json",
        audits=phase_audits,
    output:
        table=shown("table", "table.html"),
    log:
        "logs/{phase}/table.log",
    benchmark:
        "benchmarks/{phase}/table.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("report", "measures"),
    script:
        "../scripts/report/table.py"


rule experiment_figures:
    """What the configurations of an experiment kept, lost and cost."""
    input:
        summary="results/experiments/{experiment}/summary.csv",
        curves="results/experiments/{experiment}/curves.csv",
        matrices=experiment_files("retention_matrix.csv"),
    output:
        matrix="results/experiments/{experiment}/figures/matrix.svg",
        comparison="results/experiments/{experiment}/figures/comparison.svg",
    log:
        "logs/experiments/{experiment}/experiment_figures.log",
    benchmark:
        "benchmarks/experiments/{experiment}/experiment_figures.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        experiment=experiment,
        statistics=config["statistics"],
        code=code_of("report", "measures"),
    script:
        "../scripts/report/experiment.py"
