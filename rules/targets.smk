# What a user may ask for by name; `all` is in the Snakefile.


localrules:
    phase1,
    phase2,
    report,


rule phase1:
    """All four arms on one split, with both controls."""
    input:
        expand("results/phase1/{table}", table=TABLES),


rule phase2:
    """The registered protocol and its positive control on all splits."""
    input:
        expand("results/phase2/{table}", table=TABLES),


rule report:
    """What `snakemake --report` shows: tables and figures of phase 2."""
    input:
        rules.phase2.input,
        "results/phase2/table.html",
        expand("results/phase2/figures/{figure}.svg", figure=FIGURES),
