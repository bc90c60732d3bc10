"""Strategies on a tiny model, through rule train as Snakemake runs it: what each goes on from, and what it must equal."""

import json
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from peft import ArrowConfig, create_arrow_model
from safetensors.torch import load, load_file
from transformers import AutoModelForCausalLM

from scripts import store
from scripts.errors import UserError
from scripts.files import write_jsonl
from scripts.measures import retention
from scripts.training import answers, buffer, categories, fisher, kept, lora, merge, packing, router, train
from scripts.training.gates import attached, gate
from scripts.training.mixture import mixture, with_adapter
from scripts.training.strategies import ewc, mole, osf
from scripts.trajectories.engines import Ask, Conversation
from scripts.trajectories.engines.local import LocalEngine
from scripts.trajectories.engines.local import load as load_for_use
from tests.training.tiny import MODEL, RECIPE, base, checkpoint, examples, rule

FAST = {**RECIPE, "epochs": 2}
PARTIAL = {"buffer": 3, "priority": "difficulty", "new": 2, "replay": 1, "steps": 6}
EWC = {"lambda": 100.0, "space": "factors", "labels": "sampled", "samples": 50, "accumulation": "average"}
MOLE = {"experts": 3, "top_k": 2, "router": "learned"}
RANK = {
    "ranks": [1, 2],
    "probe": "session",
    "budget": 4,
    "trigger": 1.0,
    "target_rank": 1,
    "merge": 2,
    "weights": "sum",
}
OWN = {"partial_replay": PARTIAL, "ewc": EWC, "mole": MOLE, "adaptive_rank": RANK}
TOOLS = ["view", "edit", "submit"]


def rows():
    """Six sessions of a reply each; what the replies are about goes round."""
    made = examples()
    for number, row in enumerate(made):
        spans = [*row["held_out"], *row["supervised"]]
        about = {
            "tool": TOOLS[number % 3],
            "changes": TOOLS[number % 3] == "edit",
            "after_error": number == 5,
            "log_probability": -0.1 * number,
            "read": f"text {number}",
        }
        row |= {"issue": "issue", "turns": {str(start): about for start, _ in spans}}
    return made


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "STORE", tmp_path / "store")
    monkeypatch.setattr(train, "embedder", lambda embeddings: vectors)
    write_jsonl(tmp_path / "dataset.jsonl", [{"sessions": 6}, *rows()])
    return tmp_path


def vectors(texts):
    """Unit vectors that differ with the text's last digit."""
    angles = np.array([hash_of(text) for text in texts])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def hash_of(text):
    return sum(map(ord, text)) % 7


def run(folder, strategy, checkpoint, since=0, rate=FAST["learning_rate"], **changes):
    """(card, weights) of one checkpoint."""
    own = {strategy: {**OWN[strategy], **changes}} if strategy in OWN else {}
    job = rule(folder, checkpoint, {**FAST, **own, "strategy": strategy, "learning_rate": rate}, since)
    train.main(job)
    card = json.loads(job.output.card.read_text())
    weights = job.output.card.parent / kept.WEIGHTS
    return card, load_file(weights) if weights.exists() else None


def same(one, other):
    return one.keys() == other.keys() and all(
        torch.equal(values, other[name]) for name, values in one.items()
    )


def test_the_first_checkpoint_of_naive_is_that_of_full_replay(folder):
    assert same(run(folder, "naive", 3)[1], run(folder, "full_replay", 3)[1])


def test_the_second_goes_on_from_the_first_with_the_new_sessions_alone(folder):
    first = run(folder, "naive", 3)[1]
    card, second = run(folder, "naive", 6, since=3)
    again = lora.with_adapter(
        base(), {name: (folder / "adapters/3" / name).read_bytes() for name in kept.FILES}
    )
    new = [row for row in rows() if row["position"] > 3]
    lora.train(again, new, FAST)
    assert same(second, load_bytes(lora.saved(again)))
    assert not same(first, second)
    assert card["since"] == 3


def test_intruders_are_taken_back_from_what_naive_learned(folder):
    naive, (card, reduced) = run(folder, "naive", 3)[1], run(folder, "intruders", 3)
    assert naive.keys() == reduced.keys() and not same(naive, reduced)
    assert card["notes"]["layers_reduced"] > 0
    norms = [sum(values.norm() for values in each.values()) for each in (naive, reduced)]
    assert norms[1] < norms[0]
    assert not same(reduced, run(folder, "intruders", 6, since=3)[1])


def load_bytes(files):
    from safetensors.torch import load

    return load(files[kept.WEIGHTS])


def test_ewc_with_lambda_0_is_naive_to_the_bit_and_a_large_one_holds_still(folder, tmp_path):
    moved = {}
    for strategy, changes in (("naive", {}), ("ewc", {"lambda": 0}), ("ewc", {"lambda": 1e6})):
        first = run(folder, strategy, 3, **changes)[1]
        card, second = run(folder, strategy, 6, since=3, **changes)
        moved[strategy, *changes.values()] = second
        distance = sum(((second[name] - first[name]) ** 2).sum() for name in first).item()
        moved[strategy, *changes.values(), "distance"] = distance
    assert same(moved["naive",], moved["ewc", 0])
    assert moved["ewc", 1e6, "distance"] < 0.5 * moved["ewc", 0, "distance"]
    assert card["notes"]["penalty_over_loss"] > 0
    assert card["notes"]["fisher_samples"] == 3


@pytest.mark.parametrize("space", ["factors", "delta"])
def test_ewc_keeps_its_fisher_for_the_next_checkpoint(folder, space):
    card, _ = run(folder, "ewc", 3, space=space)
    assert card["files"].keys() == {*kept.FILES, "fisher.safetensors"}
    assert run(folder, "ewc", 6, since=3, space=space)[0]["notes"]["penalty_over_loss"] > 0


def test_new_examples_that_the_steps_never_came_to_are_told(folder):
    """One step of three examples, one of them replayed: of three new sessions two were trained."""
    run(folder, "partial_replay", 3)
    card, _ = run(folder, "partial_replay", 6, since=3, steps=1)
    assert card["notes"]["new_left_out"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("priority", buffer.ORDERS)
def test_partial_replay_has_its_steps_and_its_size_with_every_priority(folder, priority):
    first, _ = run(folder, "partial_replay", 3, priority=priority, buffer=2)
    second, _ = run(folder, "partial_replay", 6, since=3, priority=priority, buffer=2)
    for card, replayed, candidates in ((first, 0, 3), (second, 2, 5)):
        assert card["notes"] == {
            "buffer_pairs": 2,
            "candidate_pairs": candidates,
            "replayed_examples": replayed,
            "new_left_out": 0,
        }
    losses = (folder / "adapters/6/loss.csv").read_text().splitlines()
    assert len(losses) == 1 + PARTIAL["steps"]


def test_difficulty_keeps_what_the_current_adapter_gets_wrong(folder):
    run(folder, "partial_replay", 6, buffer=2)
    held = {entry["row"] for entry in json.loads((folder / "adapters/6/buffer.json").read_text())}
    files = {name: (folder / "adapters/6" / name).read_bytes() for name in kept.FILES}
    losses = lora.losses(lora.with_adapter(base(), files), rows())
    assert held == set(np.argsort(losses)[-2:].tolist())


def test_a_reply_that_no_model_wrote_is_as_confident_as_the_base_finds_it(folder):
    """All replies of the scripted expert are of this kind. One recorded reply beside them, the surest, stays whatever the rest is."""
    made = rows()
    for number, row in enumerate(made):
        for about in row["turns"].values():
            about["log_probability"] = -1e-6 if number == 4 else None
    write_jsonl(folder / "dataset.jsonl", [{"sessions": 6}, *made])
    run(folder, "partial_replay", 6, rate=0.05, priority="confidence", buffer=2)
    held = {entry["row"] for entry in json.loads((folder / "adapters/6/buffer.json").read_text())}
    files = {name: (folder / "adapters/6" / name).read_bytes() for name in kept.FILES}
    surest = []
    for model in (base(), lora.with_adapter(base(), files)):
        losses = np.array(lora.losses(model, rows()))
        losses[4] = np.inf
        surest.append(int(losses.argmin()))
    assert held == {4, surest[0]} and surest[0] != surest[1], "the adapter finds another one surest"


def test_the_fisher_on_file_is_the_mean_of_every_checkpoints_own(folder):
    own = []
    for last, since in ((2, 0), (4, 2), (6, 4)):
        run(folder, "ewc", last, since=since, labels="empirical")
        place = folder / f"adapters/{last}"
        model = lora.with_adapter(base(), {name: (place / name).read_bytes() for name in kept.FILES})
        new = [row for row in rows() if since < row["position"] <= last]
        own.append(fisher.estimate(model, new, "factors", "empirical", 0))
    found, seen = ewc.fisher_before({ewc.FISHER: (place / ewc.FISHER).read_bytes()})
    assert seen == 3
    for name, values in found.items():  # in bfloat16
        assert torch.allclose(values, sum(each[name] for each in own) / 3, rtol=0.03, atol=1e-3)


def test_a_killed_or_edited_checkpoint_is_never_gone_on_from(folder):
    run(folder, "naive", 3)
    path = folder / "adapters/3" / kept.WEIGHTS
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(SystemExit):
        run(folder, "naive", 6, since=3)


def test_without_new_sessions_the_adapter_stands(folder):
    write_jsonl(folder / "dataset.jsonl", [{}, *rows()[:3]])
    first = run(folder, "naive", 3)[1]
    card, second = run(folder, "naive", 6, since=3)
    assert same(first, second)
    assert (card["status"], card["reason"]) == (
        "trained",
        "nothing new: the adapter of the checkpoint before",
    )


def test_a_mixture_has_as_many_parameters_as_one_adapter_of_its_rank(folder):
    card, mixture = run(folder, "mole", 6)
    single = run(folder, "full_replay", 6)[1]
    assert sum(weight.numel() for weight in mixture.values()) == sum(
        weight.numel() for weight in single.values()
    )
    assert card["notes"]["ranks"] == [2, 1, 1]
    assert card["notes"]["replies"] == {"tool_usage": 2, "error_recovery": 1, "code_conventions": 3}


def test_every_expert_begins_with_weights_of_its_own(folder):
    """With the same first rows of A four experts of rank 4 read the input in 4 directions, where one adapter reads it in 16."""
    weights = run(folder, "mole", 6, rate=1e-5)[1]
    read = [values for name, values in weights.items() if "lora_A" in name]
    assert read and not any(torch.allclose(values[2], values[3], atol=1e-3) for values in read)


def test_each_expert_goes_on_from_its_own_ranks(folder):
    first = run(folder, "mole", 3)[1]
    config = json.loads((folder / "adapters/3" / kept.FILES[1]).read_text())
    second = run(folder, "mole", 5, since=3)[1]  # nothing new for error_recovery, the third row of ranks
    for name, values in second.items():
        own = np.s_[2:3] if "lora_A" in name else np.s_[:, 2:3]
        assert torch.equal(values[own], first[name][own])
    alone = {layer: (a[:2], b[:, :2]) for layer, (a, b) in merge.factors(first).items()}
    model = lora.with_adapter(base(), lora.files_of(alone, config))
    new = [row for row in train.learned_from(rows(), 5) if row["position"] > 3]
    lora.train(model, mole.of_category(new, "tool_usage", 3), FAST)
    expected = merge.factors(load_bytes(lora.saved(model)))
    assert all(torch.equal(a[:2], expected[layer][0]) for layer, (a, _) in merge.factors(second).items())


def test_a_mixture_is_asked_by_each_held_out_turns_query(folder):
    """Retention of a mixture: every session is read with the weights of the turn that is asked about."""
    run(folder, "mole", 6, rate=0.05)
    adapter = folder / "adapters/6"
    experts = replace(mixture(adapter, vectors), router=Sure())
    asked = answers.held_out(rows(), 6)
    found = answers.ask(with_adapter(base(), adapter), asked, experts)
    for row, said in zip(asked, found, strict=True):
        (start, stop), merged = row["held_out"][0], plain()
        own = experts.gate("issue", row["turns"][str(start)]["read"])[0]
        merge_by_hand(merged, load_file(adapter / kept.WEIGHTS), own)
        with torch.inference_mode():
            scores = merged(torch.tensor([row["input_ids"]])).logits[0, start - 1 : stop - 1].log_softmax(-1)
        nll = -scores[range(stop - start), row["input_ids"][start:stop]]
        assert [one.nll for one in said] == pytest.approx(nll.tolist(), abs=1e-4)
    kinds = ["tool_usage", "code_conventions", "workflow"] * 2
    assert [retention.category(row) for row in asked] == [*kinds[:5], "error_recovery"]


def test_gates_give_the_written_sum_row_by_row(folder):
    """W + sum w_i s B_i A_i, for rows of one batch with weights of their own, against merged weights."""
    run(folder, "mole", 6)
    files = {name: (folder / "adapters/6" / name).read_bytes() for name in kept.FILES}
    weights = gate(torch.tensor([[0.7, 0.3, 0.0], [0.1, 0.2, 0.7]]), [2, 1, 1])
    tokens = torch.tensor([row["input_ids"][:9] for row in rows()[:2]])
    model = lora.with_adapter(plain(), files).eval()
    attached(model).now = weights
    with torch.inference_mode():
        mixed = model(input_ids=tokens).logits
    for row, own in enumerate(weights):
        merged = plain()
        merge_by_hand(merged, load_bytes(files), own)
        with torch.inference_mode():
            expected = merged(input_ids=tokens[row : row + 1]).logits[0]
        assert (mixed[row] - expected).norm() / expected.norm() < 1e-5


def plain():
    """The tiny model as transformers runs it, several rows at a time."""
    return AutoModelForCausalLM.from_pretrained(checkpoint(), attn_implementation="eager")


def merge_by_hand(model, state, own):
    scale = RECIPE["alpha_over_rank"]
    with torch.no_grad():
        for name in [name for name in state if "lora_A" in name]:
            a, b = state[name], state[name.replace("lora_A", "lora_B")]
            path = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            model.get_submodule(path).weight += scale * b @ torch.diag(own) @ a


def test_the_router_learns_what_can_be_learned_and_no_more():
    rng = np.random.default_rng(0)
    centres = np.eye(8)[:4]
    labels = np.repeat(np.arange(4), [100, 60, 30, 10]).tolist()
    points = unit(centres[labels] + 0.15 * rng.normal(size=(200, 8)))
    known, asked = slice(0, None, 2), slice(1, None, 2)
    clear = router.judged(router.fitted(points[known], labels[known], 4, 0), points[asked], labels[asked])
    blind = []
    for _ in range(20):
        noise = unit(rng.normal(size=(200, 8)))
        fit = router.fitted(noise[known], labels[known], 4, 0)
        blind.append(router.judged(fit, noise[asked], labels[asked])["router_accuracy"])
    assert clear["router_accuracy"] > 0.95 and clear["router_majority"] == 0.5
    assert abs(np.mean(blind) - 0.25) < 4 * np.std(blind) / np.sqrt(20) < 0.1


def test_accuracy_is_the_mean_of_the_classes_recalls():
    class Always:
        def weights(self, queries, top_k):
            return torch.tensor([[1.0, 0, 0]]).repeat(len(queries), 1)

    found = router.judged(Always(), np.zeros((10, 2)), [0] * 8 + [1, 2])
    assert list(found.values()) == [pytest.approx(1 / 3), 0.8, 0.8, 10]


def test_every_fifth_session_judges_the_router_and_is_not_learned(folder, monkeypatch):
    seen, real = [], router.fitted
    monkeypatch.setattr(router, "fitted", lambda known, *rest: seen.append(len(known)) or real(known, *rest))
    card, _ = run(folder, "mole", 6)
    assert (seen, card["notes"]["router_queries"]) == ([5], 1)


def unit(points):
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_the_router_weighs_the_best_experts_alone_and_its_weights_sum_to_1():
    queries = unit(np.random.default_rng(0).normal(size=(20, 6)))
    made = router.fitted(queries, [0, 1, 2, 3] * 5, 4, 0)
    for top_k in (1, 2, 3):
        weights = made.weights(queries, top_k)
        assert torch.allclose(weights.sum(-1), torch.ones(20))
        assert ((weights > 0).sum(-1) == top_k).all()
    again = router.from_content(made.content())
    assert torch.equal(again.weights(queries, 2), made.weights(queries, 2))


@pytest.mark.parametrize(
    ("tool", "after_error", "three", "four", "five"),
    [
        ("view", False, "tool_usage", "tool_usage", "tool_usage"),
        ("search", False, "tool_usage", "tool_usage", "navigation"),
        ("edit", False, "code_conventions", "code_conventions", "code_conventions"),
        ("submit", False, "code_conventions", "workflow", "workflow"),
        ("edit", True, "error_recovery", "error_recovery", "error_recovery"),
    ],
)
def test_categories_follow_the_written_rule(tool, after_error, three, four, five):
    turn = {"tool": tool, "changes": tool == "edit", "after_error": after_error}
    assert [categories.category(turn, experts) for experts in (3, 4, 5)] == [three, four, five]


@pytest.mark.parametrize(
    ("total", "experts", "ranks"), [(16, 4, [4] * 4), (16, 3, [6, 5, 5]), (16, 5, [4, 3, 3, 3, 3])]
)
def test_ranks_sum_to_the_single_adapters(total, experts, ranks):
    assert categories.ranks(total, experts) == ranks


STRATEGIES = list(train.USES)


def killed_after(files, work):
    """Do some work in a child that is killed as soon as it would write one file more; returns the child's signal."""
    if child := os.fork():
        return -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    write, left = kept.atomic_write, [files]

    def torn(path, content):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        write(path, content)

    for module in (kept, store, train):
        module.atomic_write = torn
    work()
    os._exit(0)


@pytest.mark.parametrize(
    ("strategy", "files"),
    # naive: weights and settings in the store, their entry, both in place, losses, seconds, card
    [
        *((name, 1) for name in STRATEGIES),
        *(("naive", number) for number in range(8)),
        ("ewc", 4),
        ("mole", 6),
    ],
)
def test_a_killed_consolidation_ends_like_one_that_was_not(folder, strategy, files):
    """Killed before any of the files that it writes: then simply run again. The card comes last, as it vouches for the others."""
    run(folder, strategy, 3)
    assert killed_after(files, lambda: run(folder, strategy, 6, since=3)) == signal.SIGKILL
    assert not (folder / "adapters/6/card.json").exists()
    run(folder, strategy, 6, since=3)
    after = contents(folder / "adapters/6")
    shutil.rmtree(folder / "adapters/6")
    shutil.rmtree(folder / "store")
    run(folder, strategy, 6, since=3)
    assert contents(folder / "adapters/6") == after


def contents(made):
    """Every promised file of an adapter; seconds never repeat."""
    return {path.name: path.read_bytes() for path in made.iterdir() if path.name != "timing.csv"}


def test_what_a_consolidation_cost(folder):
    """Tokens beside those of the steps are counted where a strategy reads more, and nowhere else."""
    for strategy in STRATEGIES:
        run(folder, strategy, 3)
        card, _ = run(folder, strategy, 6, since=3)
        losses = pd.read_csv(folder / "adapters/6/loss.csv")
        assert card["tokens_trained"] == losses["tokens"].sum() and card["optimiser_steps"] == len(losses)
        more = card["tokens_read"] - card["tokens_trained"]
        assert (more > 0) == (strategy in ("ewc", "adaptive_rank", "partial_replay"))
        timing = pd.read_csv(folder / "adapters/6/timing.csv").set_index("part")
        parts = timing["seconds"]
        assert timing["gpu_mb"].isna().all()  # there is none
        assert timing["tokens_read"]["whole"] == card["tokens_read"]
        assert 50 < timing["max_rss_mb"]["whole"] < 24_000
        assert parts["whole"] > parts["loading"] > 0 and ("fisher" in parts) == (strategy == "ewc")
        assert card["parameters"] > 0


def test_osf_is_a_lora_adapter_and_goes_on_from_its_directions(folder):
    """Its file changes the weights as PEFT's own layers do; the second checkpoint is the first one's directions, trained on."""
    card, state = run(folder, "osf", 3)
    first = load((folder / "adapters/3" / osf.STATE).read_bytes())
    theirs = osf.split(base(), RECIPE["rank"] // 2)
    theirs.load_state_dict(first, strict=False)
    scale = RECIPE["alpha_over_rank"]
    for name, layer in osf_layers(theirs):
        made = scale * state[name + merge.B] @ state[name + merge.A]
        assert torch.allclose(made, layer.get_delta_weight(osf.ADAPTER), atol=1e-6) and made.norm() > 0
    assert card["parameters"] == sum(weight.numel() for weight in run(folder, "naive", 3)[1].values())
    run(folder, "osf", 3)
    _, second = run(folder, "osf", 6, since=3)
    lora.train(theirs, [row for row in rows() if row["position"] > 3], FAST)
    assert same(second, merge.state(osf.change(theirs, scale)))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gradients_of_osf_are_orthogonal_to_the_directions_that_are_held(dtype):
    """Of the base in 16 bits too, where PEFT by itself would lose the projection."""
    model = osf.split(base().to(getattr(torch, dtype)), 2)
    positions = [lora.supervised_positions(row) for row in rows()]
    lora.cross_entropy(model, packing.pack(rows(), positions)).backward()
    for _, layer in osf_layers(model):
        left, _, right = torch.linalg.svd(layer.get_base_layer().weight.float(), full_matrices=False)
        u, v = (layer.osf_svd_params[osf.ADAPTER][name].grad for name in ("U_low", "V_low"))
        assert u.dtype == v.dtype == torch.float32 and u.norm() > 0 < v.norm()
        assert (left[:, :-2].T @ u).norm() < 1e-3 * u.norm()
        assert (v @ right[:-2].T).norm() < 1e-3 * v.norm()


def osf_layers(model):
    return [(name, layer) for name, layer in model.named_modules() if isinstance(layer, osf.OSFLayer)]


@pytest.mark.parametrize(
    ("strategy", "own"), [("naive", {}), ("mole", {}), ("adaptive_rank", {"target_rank": 33}), ("osf", {})]
)
def test_a_rank_above_a_layers_size_is_told_before_training(folder, capsys, strategy, own):
    rank = 4 if own else 34
    block = {strategy: {**OWN[strategy], **own}} if strategy in OWN else {}
    with pytest.raises(SystemExit):
        train.main(rule(folder, 3, {**FAST, **block, "strategy": strategy, "rank": rank}))
    said = capsys.readouterr().err
    assert "recipes.mine, rank 3" in said and "the smallest layer has" in said and "Fix: take at most" in said
    assert "1 of" not in said, "no step was taken"


def test_osf_refuses_an_odd_rank():
    with pytest.raises(UserError, match="take an even rank"):
        osf.check(base(), 3)


def test_arrow_weighs_experts_as_peft_does(folder):
    """Logits of experts side by side under our hooks against PEFT's arrow model of the same experts apart."""
    run(folder, "mole", 6, router="arrow", experts=4)
    folder = folder / "adapters/6"
    assert not (folder / "router.safetensors").exists()
    factors, config = (
        merge.factors(load_file(folder / kept.WEIGHTS)),
        json.loads((folder / kept.FILES[1]).read_text()),
    )
    paths = []
    for number in range(4):
        alone = {
            layer: (a[number : number + 1], b[:, number : number + 1]) for layer, (a, b) in factors.items()
        }
        place = folder / f"expert-{number}"
        kept.place(lora.files_of(alone, config), place)
        paths.append(str(place))
    theirs = create_arrow_model(plain(), paths, ArrowConfig(top_k=2, router_temperature=1.0)).eval()
    tokens = torch.tensor([row["input_ids"][:9] for row in rows()[:2]])
    with torch.inference_mode():
        expected = theirs(input_ids=tokens).logits
        found = with_adapter(plain(), folder)(input_ids=tokens).logits
        alike = lora.with_adapter(plain(), {name: (folder / name).read_bytes() for name in kept.FILES})(
            tokens
        ).logits
    assert (found - expected).norm() < 1e-4 * expected.norm()
    assert (alike - expected).norm() > 1e-3 * expected.norm()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_training_that_diverges_ends_as_failed(folder, strategy):
    card, weights = run(folder, strategy, 3, rate=1e30)
    assert card["status"] == "failed" and card["reason"].startswith("the loss is not a number at step")
    assert weights is None and card["parameters"] is None and card["optimiser_steps"] > 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nothing_new_after_a_checkpoint_that_failed(folder, strategy):
    """There is nothing to go on from. Full replay starts anew with all sessions, whatever came before."""
    empty = [{**row, "supervised": []} if row["position"] > 3 else row for row in rows()]
    write_jsonl(folder / "dataset.jsonl", [{"sessions": 6}, *empty])
    run(folder, strategy, 3, rate=1e30)
    card, weights = run(folder, strategy, 6, since=3)
    if strategy == "full_replay":
        assert (card["status"], len(card["trajectories"])) == ("trained", 3)
    else:
        assert (card["status"], weights) == ("failed", None)
        assert card["reason"].startswith("checkpoint 3, to go on from, failed: the loss is not a number")


def test_each_of_several_trainings_is_judged_by_itself():
    def training(*losses):
        steps = [lora.Step(number, number, loss, 1, 1) for number, loss in enumerate(losses, 1)]
        return [replace(steps[0], after=losses[-1]), *steps[1:]]

    assert lora.verdict([*training(0.5, 0.3), *training(3.0, 1.0)]) == ("trained", None)
    status, reason = lora.verdict([*training(3.0, 1.0), *training(0.5, 2.0)])
    assert status == "failed" and "0.5000 at the first step, 2.0000" in reason
    assert lora.verdict([*training(3.0, 1.0), *training(0.5, 2.0)], anew=False)[0] == "trained"


class Sure:
    """A router that gives `text 0` to the first expert and everything else to the last."""

    def weights(self, queries, top_k):
        first = np.allclose(queries[0, 2:] * np.sqrt(2), vectors(["text 0"])[0])
        return torch.tensor([[1.0, 0.0, 0.0] if first else [0.0, 0.0, 1.0]])


def test_the_engine_routes_each_conversation_of_a_batch_by_its_own_query(folder):
    """Equal prompts with unlike queries: each reply is that of the weights merged with its own query's weights, also where the
    prompts begin with what all conversations share.
    """
    run(folder, "mole", 6, rate=0.05)
    adapter = folder / "adapters/6"
    experts = replace(mixture(adapter, vectors), router=Sure())
    engine = LocalEngine(load_for_use(checkpoint(), adapter, MODEL), None, 3, experts)
    queries = [("issue", "text 0"), ("issue", "text 3")]
    tokens = rows()[0]["input_ids"][:9]

    def reply(query):
        return engine.complete(Conversation(list(tokens), 6, query=query), Ask(4, ()))

    alone = [reply(query) for query in queries]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(reply, queries)) == alone
    engine.close()
    for query, said in zip(queries, alone, strict=True):
        merged = plain()
        merge_by_hand(merged, load_file(adapter / kept.WEIGHTS), experts.gate(*query)[0])
        with torch.inference_mode():
            expected = merged(input_ids=torch.tensor([tokens])).logits[0, -1].log_softmax(-1)
        assert said.log_probabilities[0] == pytest.approx(float(expected.max()), abs=1e-4)
    assert abs(alone[0].log_probabilities[0] - alone[1].log_probabilities[0]) > 1e-3
