"""The engine's promise: a reply depends on its own conversation and on the number of slots, and on nothing else."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from scripts.trajectories import scaffold
from scripts.trajectories.actions import plain
from scripts.trajectories.engines import Ask, Conversation
from scripts.trajectories.hardware import settled
from scripts.trajectories.render import shared_beginning

SLOTS, MOST = 5, 12
BLOCK = {"dtype": "auto", "quantization": "none", "device": "cpu"}
PRECISIONS = sorted(
    {settled(BLOCK)["dtype"], "float32"}
)  # what a study takes here, and what it takes elsewhere
TOOLS = scaffold.load("tools")


@pytest.fixture(scope="module", params=PRECISIONS)
def engine(embedded, words, request):
    from scripts.trajectories.engines.grammar import Grammars
    from scripts.trajectories.engines.local import LocalEngine, load

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    model = load(embedded, None, BLOCK | {"dtype": request.param})
    engine = LocalEngine(model, Grammars(words.tokenizer, model.config.vocab_size, words.ends), SLOTS)
    yield engine
    engine.close()
    torch.set_num_threads(threads)


def prompts(words, count, seed):
    """Conversations of very different lengths, with the beginning that all have in common marked as shared."""
    rng = random.Random(seed)
    names = ["mean", "slug", "clip", "parse_date", "wrap", "chunks", "median"]
    issues = [" ".join(rng.choices(names, k=rng.choice((3, 20, 60)))) + " is wrong" for _ in range(count)]
    openings = [words.opening(TOOLS.render("system"), [], issue) for issue in ["", *issues]]
    shared = shared_beginning(openings)
    return [Conversation(ids, shared) for ids in openings[1:]]


def at_once(engine, conversations, asks):
    """Replies of conversations that run together, in their order."""
    with ThreadPoolExecutor(len(conversations)) as pool:
        return list(pool.map(engine.complete, conversations, asks))


def two_turns(engine, words, conversation, neighbours, ask):
    """Two replies of a conversation among neighbours that come and go."""
    rng = random.Random(len(neighbours))
    replies = []
    for turn in range(2):
        company = [conversation, *neighbours]
        lengths = [ask, *(Ask(rng.randrange(1, MOST), words.ends) for _ in neighbours)]
        order = rng.sample(range(len(company)), len(company))
        done = at_once(engine, [company[at] for at in order], [lengths[at] for at in order])
        replies.append(done[order.index(0)])
        conversation.tokens += words.after(f"kit/numbers.py:{turn}")
        for other in neighbours:
            other.tokens += words.after("nothing found")
    return replies


@pytest.mark.parametrize("ask", [{}, {"grammar": TOOLS.grammar, "temperature": 0.9, "seed": 7}])
def test_a_conversation_alone_and_in_company_is_the_same_bit_for_bit(engine, words, ask):
    ask = Ask(MOST, words.ends, **ask)
    alone = two_turns(engine, words, prompts(words, 1, seed=0)[0], [], ask)
    for seed in (1, 2):
        neighbours = prompts(words, SLOTS + 2 * seed, seed)
        assert two_turns(engine, words, prompts(words, 1, seed=0)[0], neighbours, ask) == alone


def test_the_shared_beginning_is_read_once_and_changes_no_bit(engine, words):
    """Three conversations: two share their beginning, and the second reads on from a copy of what was kept."""
    read, (other, first, second) = [], prompts(words, 3, seed=8)
    other.shared -= 2
    forward, ask = engine._forward, Ask(4, words.ends)
    engine._forward = lambda tokens, *rest: read.append(tokens.shape) or forward(tokens, *rest)
    again = [Conversation(list(each.tokens), each.shared) for each in (other, first, second)]
    replies = [engine.complete(each, ask) for each in (other, first, second)]
    engine._forward = forward
    alone = first.shared > 20 and [(1, each.shared) for each in (other, first)]
    assert [shape for shape in read if shape in alone] == alone
    assert [engine.complete(each, ask) for each in reversed(again)] == replies[::-1]


def test_a_conversation_goes_on_as_if_it_were_read_anew(engine, words):
    """Up to rounding: reading in pieces sums in another order, so the promise is about the likeliest token only."""
    (conversation,) = prompts(words, 1, seed=3)
    first = engine.complete(conversation, Ask(MOST, words.ends))
    assert conversation.tokens[-len(first.tokens) :] == first.tokens
    conversation.tokens += words.after("kit/numbers.py:3")
    anew = Conversation(list(conversation.tokens))
    ask = Ask(1, words.ends)
    assert engine.complete(conversation, ask).tokens == engine.complete(anew, ask).tokens
    assert conversation.memory.length == len(conversation.tokens) - 1


def test_the_greedy_reply_is_that_of_plain_generate(engine, words):
    (conversation,) = prompts(words, 1, seed=4)
    assert conversation.shared
    ids = torch.tensor([conversation.tokens])
    from transformers import AutoModelForCausalLM

    where, precision = engine.model.config._name_or_path, engine.model.dtype
    model = AutoModelForCausalLM.from_pretrained(where, dtype=precision)
    expected = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)[
        0, ids.shape[1] :
    ]
    assert engine.complete(conversation, Ask(8, words.ends)).tokens == expected.tolist()


def test_replies_under_the_grammar_always_parse(engine, words):
    asks = [Ask(40, words.ends, TOOLS.grammar, temperature=1.5, seed=seed) for seed in range(2 * SLOTS)]
    replies = at_once(engine, prompts(words, len(asks), seed=5), asks)
    tools = [plain(words.text(reply.tokens), TOOLS.tools).tool for reply in replies]
    assert len(set(tools)) > 1


def test_sampling_is_reproducible_by_seed(engine, words):
    def drawn(seed):
        asks = [Ask(8, words.ends, temperature=1.0, seed=seed)] * 2
        return [reply.tokens for reply in at_once(engine, prompts(words, 1, 6) + prompts(words, 1, 6), asks)]

    one, same = drawn(1)
    assert one == same
    assert drawn(1) == [one, same] != drawn(2)


def test_log_probabilities_are_of_the_tokens_said(engine, words):
    (conversation,) = prompts(words, 1, seed=8)
    reply = engine.complete(conversation, Ask(6, words.ends))
    assert len(reply.log_probabilities) == len(reply.tokens) == 6
    assert all(value <= 0 for value in reply.log_probabilities)


def test_a_closed_engine_finishes_what_it_has_and_refuses_the_rest(embedded, words):
    """Nobody waits for ever: not those in flight when it closes, and not those who come later."""
    from scripts.trajectories.engines.local import LocalEngine, load

    closing = LocalEngine(load(embedded, None, settled(BLOCK)), None, 2)
    conversation = prompts(words, 1, seed=3)[0]
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(closing.complete, conversation, Ask(8, ()))
        while not conversation.memory:
            pass
        closing.close()
        assert not closing.thread.is_alive()  # it would abort an interpreter that ends now
        assert len(reply.result(timeout=60).tokens) == 8
    with pytest.raises(RuntimeError, match="stopped"):
        for _ in range(100):
            closing.complete(prompts(words, 1, seed=4)[0], Ask(1, ()))


def test_a_failing_model_fails_its_callers_and_later_ones(words):
    """What the model raises reaches those who wait, and is the cause of every later refusal."""
    from scripts.trajectories.engines.local import LocalEngine

    broken = LocalEngine(torch.nn.Linear(1, 1), None, 2)  # no language model: its forward cannot be called so
    with pytest.raises(AttributeError):
        broken.complete(prompts(words, 1, seed=5)[0], Ask(1, ()))
    with pytest.raises(RuntimeError, match="stopped"):
        broken.complete(prompts(words, 1, seed=6)[0], Ask(1, ()))


def test_an_adapter_is_in_the_weights_where_they_are_float32_and_beside_them_elsewhere(tmp_path):
    from scripts.files import atomic_write
    from scripts.training import lora
    from scripts.trajectories.engines import ragged
    from scripts.trajectories.engines.local import load
    from tests.training import tiny

    model = lora.with_new_adapter(tiny.base(), tiny.RECIPE)
    lora.train(model, tiny.examples(), tiny.RECIPE)
    for name, content in lora.saved(model).items():
        atomic_write(tmp_path / name, content)

    def logits(adapted):
        tokens = torch.tensor([[3, 1, 4, 1, 5]])
        with torch.inference_mode():
            return adapted(
                input_ids=tokens,
                position_ids=torch.arange(5)[None],
                use_cache=False,
                memories=[ragged.Memory()],
            ).logits

    block = tiny.model() | {"checkpoint": tiny.checkpoint()}
    merged = load(tiny.checkpoint(), tmp_path, block)
    assert not hasattr(merged, "peft_config")
    beside = load(tiny.checkpoint(), tmp_path, block | {"dtype": "bfloat16"})
    assert hasattr(beside, "peft_config")
    plainly = load(tiny.checkpoint(), None, block)
    torch.testing.assert_close(logits(merged), logits(beside.float()), atol=0.02, rtol=0.02)
    assert (logits(merged) - logits(plainly)).abs().max() > 0.1
