# Last of all: a target under results/ that no rule makes.


rule unknown_name:
    """Say which part of a target is unknown and which names exist, where Snakemake would say that no rule makes it."""
    input:
        refuse_unknown,
    output:
        "results/{unknown}",
    log:
        "logs/unknown/{unknown}.log",
    wildcard_constraints:
        unknown=anything_but(output.regex().pattern for rule in workflow.rules for output in rule.output),
    shell:
        "false 2> {log}"
