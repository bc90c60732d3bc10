"""rehearsal: does a coding agent get better at a repository by training on its own past sessions?

The configuration is checked, then the rooms follow in the order in which data walks through them.
"""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.19")
HOME = Path(os.path.relpath(workflow.basedir))
sys.path.insert(0, workflow.basedir)

from scripts.workflow import setup
from scripts.workflow.experiments import expanded, names_pattern

setup.environment(workflow.basedir)
setup.check_yaml(HOME / "config.yaml")


configfile: str(HOME / "config.yaml")


CONFIGS = [Path(os.path.relpath(file)) for file in (HOME / "config.yaml", *workflow.overwrite_configfiles)]
setup.check_config(config, CONFIGS, HOME)
config["recipes"] |= expanded(config)


# only with --software-deployment-method apptainer; envs/rehearsal.def says how to build it
container: "envs/rehearsal.sif"


include: "rules/common.smk"


wildcard_constraints:
    repo=one_of([*config["repos"], *config.get("streams", {})]),
    model=one_of(config["models"]),
    split=one_of(config["splits"]),
    recipe=RECIPES,
    arm=one_of(ARMS),
    phase=one_of(config["phases"]),
    experiment=one_of(config.get("experiments", {})),
    checkpoint=one_of(all_checkpoints()),
    wheel=one_of(wheels()),
    sessions=SESSIONS,
    run="[0-9]+",
    script="expert|habits",


localrules:
    all,


rule all:
    """The tables of phase 2."""
    input:
        expand("results/phase2/{table}", table=TABLES),


include: "rules/targets.smk"
include: "rules/benchmark.smk"
include: "rules/environments.smk"
include: "rules/trajectories.smk"
include: "rules/verdicts.smk"
include: "rules/knowledge.smk"
include: "rules/synthesis.smk"
include: "rules/training.smk"
include: "rules/measures.smk"
include: "rules/statistics.smk"
include: "rules/report.smk"
include: "rules/exchange.smk"
include: "rules/unknown.smk"
