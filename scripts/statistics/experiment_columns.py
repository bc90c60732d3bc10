"""The columns of an experiment's summary.csv, by what they say. Light: the check of the configuration reads the names too."""

from collections.abc import Mapping
from typing import Any

NAMES = ("repo", "model", "config", "role", "strategy")
MEASURES = (
    *("retention", "retention_low", "retention_high", "retention_lowest_origin"),
    *("forgetting", "forgetting_low", "forgetting_high"),
    *("forgetting_nll", "forgetting_nll_low", "forgetting_nll_high"),
    *("backward_transfer", "backward_transfer_low", "backward_transfer_high"),
    *("plasticity", "stability", "cl_f_beta", "cl_f_half", "cl_f_two"),
    *("aulc", "exact_action"),
)
COSTS = ("tokens_read", "steps", "rank_at_end", "parameters", "information_per_parameter")
RELATIVE = (
    *("retention_share_of_reference", "cost_share_of_reference"),
    *("forgetting_reduction", "information_gain", "retention_gain"),
)
OWN = (
    *("new_left_out", "buffer_filled", "fisher_samples", "fisher_share_of_tokens", "penalty_over_loss"),
    *("router_accuracy", "router_plain_accuracy", "router_majority"),
    *("categories", "worst_category", "worst_category_degradation", "interference"),
    *("compressions", "compression_ranks", "compression_kept", "decay"),
)
# of all sessions, so that no criterion is about them
FLOOR = ("retention_base", "retention_share_above_base")
WORDS = ("buffer_filled", "worst_category", "decay")  # measures that are no numbers
LAST = ("capability_delta", "capability_reason", "status", "reason")

MEASURED = (*MEASURES, *COSTS, *RELATIVE, *OWN, "capability_delta")  # what a criterion may be about


def columns(experiment: Mapping[str, Any]) -> list[str]:
    """The columns of summary.csv; the keys of the grids have one each."""
    keys = list(dict.fromkeys(key for grid in experiment["recipes"].values() for key in grid))
    length = ("seeds", "sessions", "consolidations")
    return [*NAMES, *keys, *length, *MEASURES, *COSTS, *RELATIVE, *FLOOR, *OWN, *LAST]
