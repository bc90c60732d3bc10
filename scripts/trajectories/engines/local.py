"""The engine of this process: transformers and peft, on CPU, CUDA or Apple's mps.

Rows of a fixed shape: every decoding step runs `slots` rows, empty ones padded, and attention row by row (ragged.py).
Prompts are read one conversation at a time, the beginning that all share by itself and once. So a reply depends on its own
conversation and on the number of slots, which is part of a session's key, and on nothing else. A session holds one row's
worth of cache from its first turn to its last.
"""

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from scripts.training.gates import Gates, attached
from scripts.training.mixture import EXPERTS, Mixture, with_adapter
from scripts.trajectories.checkpoint import load as base
from scripts.trajectories.engines import Ask, Conversation, Reply, ragged
from scripts.trajectories.engines.grammar import Grammars


def load(checkpoint: str | Path, adapter: Path | None, block: dict) -> torch.nn.Module:
    """The model of a block with its adapter: in its weights where they are float32, else beside them.

    Merging spares a fifth of the time, and would round weights of less precision. Experts stay apart, since each
    conversation weighs them anew.
    """
    model = base(checkpoint, block, ragged.NAME)
    if adapter is not None:
        model = with_adapter(model, adapter)
        whole = block["dtype"] == "float32" and block["quantization"] == "none"
        if whole and not (adapter / EXPERTS).exists():
            model = model.merge_and_unload()
    return model.eval()


@dataclass
class Row:
    """A reply in the making."""

    conversation: Conversation
    ask: Ask
    future: Future
    matcher: Any
    random: torch.Generator
    gate: torch.Tensor | None = None
    tokens: list[int] = field(default_factory=list)
    log_probabilities: list[float] = field(default_factory=list)

    def accept(self, token: int, log_probability: float) -> bool:
        """Take a token; True when the reply ends with it."""
        self.tokens.append(token)
        self.log_probabilities.append(log_probability)
        self.conversation.tokens.append(token)
        if self.matcher is not None:
            self.matcher.accept_token(token)
        return token in self.ask.ends or len(self.tokens) >= self.ask.most


class LocalEngine:
    """Continuous batching over a fixed number of rows; one thread of its own runs the model."""

    def __init__(
        self,
        model: torch.nn.Module,
        grammars: Grammars | None = None,
        slots: int = 16,
        mixture: Mixture | None = None,
    ) -> None:
        self.model, self.grammars, self.slots, self.mixture = model, grammars, slots, mixture
        self.gates = attached(model) if mixture else Gates()
        self.inbox: queue.Queue[Row | None] = queue.Queue()
        self.gate, self.open, self.closing = threading.Lock(), True, False
        self.tokens_decoded = 0
        self.beginning: tuple[list[int], ragged.Memory] = [], ragged.Memory()
        self.failure: BaseException | None = None
        self.threads = torch.get_num_threads()
        self.thread = threading.Thread(target=self._serve, daemon=True, name="engine")
        self.thread.start()

    def complete(self, conversation: Conversation, ask: Ask) -> Reply:
        """See Engine. Raises RuntimeError once the engine is closed or has failed, with the model's error as its cause."""
        matcher = self.grammars.matcher(ask.grammar) if ask.grammar and self.grammars else None
        row = Row(conversation, ask, Future(), matcher, torch.Generator().manual_seed(ask.seed))
        with self.gate:
            if not self.open:
                raise RuntimeError("the engine has stopped") from self.failure
            self.inbox.put(row)
        return row.future.result()

    def close(self) -> None:
        """Wait until the rows in flight are done and the engine's thread has ended: an interpreter that ends before it aborts."""
        self.inbox.put(None)
        self.thread.join()

    def _serve(self) -> None:
        rows: list[Row] = []
        try:
            torch.set_num_threads(self.threads)
            with torch.inference_mode():
                while self._admit(rows):
                    self._step(rows)
        except BaseException as error:
            self.failure = error
        self._stop(rows)

    def _stop(self, rows: list[Row]) -> None:
        """Refuse every later caller, and tell those who wait why they wait in vain."""
        with self.gate:
            self.open = False
        while not self.inbox.empty():
            rows += [row for row in [self.inbox.get()] if row is not None]
        for row in rows:
            if not row.future.done():
                row.future.set_exception(self.failure or RuntimeError("the engine has stopped"))

    def _admit(self, rows: list[Row]) -> bool:
        """Read the prompts of waiting conversations into free rows; wait where there is nothing else to do.

        False when the engine is closed and nothing is in flight.
        """
        while len(rows) < self.slots and not self.closing:
            try:
                row = self.inbox.get(block=not rows)
            except queue.Empty:
                break
            if row is None:
                self.closing = True
            else:
                rows.append(row)
                row.gate = self.mixture.gate(*row.conversation.query) if self.mixture else None
                self._pick(rows, [row], self._read(row.conversation, row.gate)[None])
        return bool(rows) or not self.closing

    def _read(self, conversation: Conversation, gate: torch.Tensor | None) -> torch.Tensor:
        """Run the tokens that the cache lacks; logits [vocabulary] after the last."""
        if conversation.memory is None:
            # who answers depends on the conversation, also in what it has in common with others
            shared = [] if self.mixture else conversation.tokens[: conversation.shared]
            conversation.memory = self._begin(shared) if shared else ragged.Memory()
        return self._extend(conversation.memory, conversation.tokens, gate)

    def _begin(self, tokens: list[int]) -> ragged.Memory:
        """A memory of the tokens that conversations share; read by themselves, so that who came first changes no bit."""
        if tokens != self.beginning[0]:
            memory = ragged.Memory()
            self._extend(memory, tokens, None)
            self.beginning = tokens, memory
        return self.beginning[1].copy()

    def _extend(self, memory: ragged.Memory, tokens: list[int], gate: torch.Tensor | None) -> torch.Tensor:
        """Read what of the tokens the memory lacks; logits [vocabulary] after the last."""
        new, positions = tokens[memory.length :], range(memory.length, len(tokens))
        return self._forward(torch.tensor([new]), torch.tensor([positions]), [memory], gate)[0]

    def _step(self, rows: list[Row]) -> None:
        """One token for every row."""
        if not rows:
            return
        padding = self.slots - len(rows)
        new = torch.tensor([[row.conversation.tokens[-1]] for row in rows] + [[0]] * padding)
        positions = torch.tensor([[row.conversation.memory.length] for row in rows] + [[0]] * padding)
        memories = [row.conversation.memory for row in rows] + [None] * padding
        gates = [row.gate for row in rows if row.gate is not None]
        gate = torch.cat([*gates, *[torch.zeros_like(gates[0])] * padding]) if gates else None
        self._pick(rows, list(rows), self._forward(new, positions, memories, gate))

    def _forward(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        memories: list[ragged.Memory | None],
        gate: torch.Tensor | None,
    ) -> torch.Tensor:
        """Token ids and positions [rows, new] -> logits [rows, vocabulary] in fp32 after each row's last token.

        gate: of a mixture's experts [rows, ranks].
        """
        device, self.gates.now = self.model.device, gate
        out = self.model(
            input_ids=tokens.to(device),
            position_ids=positions.to(device),
            use_cache=False,
            logits_to_keep=1,
            memories=memories,
        )
        for memory in memories:
            if memory is not None:
                memory.length += tokens.shape[1]
        return out.logits[:, -1].float().cpu()

    def _pick(self, rows: list[Row], picked: list[Row], logits: torch.Tensor) -> None:
        """Choose each row's next token, and send off the rows that end."""
        for row, scores in zip(picked, logits, strict=False):
            scores = torch.log_softmax(
                self.grammars.mask(row.matcher, scores) if row.matcher else scores, dim=-1
            )
            token = _choose(scores, row.ask.temperature, row.random)
            self.tokens_decoded += 1
            if row.accept(token, float(scores[token])):
                rows.remove(row)
                row.future.set_result(Reply(row.tokens, row.log_probabilities))


def _choose(scores: torch.Tensor, temperature: float, random: torch.Generator) -> int:
    """The likeliest token, or one drawn by the Gumbel-max trick (Gumbel 1954) from the row's own random stream."""
    if temperature == 0:
        return int(scores.argmax())
    uniform = torch.rand(scores.shape, generator=random, dtype=torch.float64)
    return int((scores / temperature - (-uniform.log()).log()).argmax())
