"""Engines: what turns a conversation's token ids into the next reply's token ids.

The protocol has one method. It blocks until the reply is there and may be called from many threads at once: that is how
many conversations are decoded together. A server (vLLM, Ollama) batches by itself; `local` does it here.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass
class Conversation:
    """Token ids so far, and whatever the engine keeps of them (its cache), freed with the conversation.

    shared: how many of the first tokens other conversations begin with too; an engine may read those once for all.
    query: the issue, and what was read last; a mixture of experts is routed by it.
    """

    tokens: list[int] = field(default_factory=list)
    shared: int = 0
    query: tuple[str, str] = ("", "")
    memory: Any = None


@dataclass(frozen=True)
class Ask:
    """How the next reply is decoded.

    most: new tokens at most; ends: token ids that end a reply (kept as its last token); grammar: EBNF or None;
    temperature: 0 is greedy; seed: of this reply's own random stream.
    """

    most: int
    ends: tuple[int, ...]
    grammar: str | None = None
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Reply:
    """New token ids and the log-probability of each under the model that produced it (nats)."""

    tokens: list[int]
    log_probabilities: list[float]


class Engine(Protocol):
    """What the agent needs of an engine."""

    def complete(self, conversation: Conversation, ask: Ask) -> Reply:
        """Decode one reply; its tokens are appended to the conversation's. Blocks; safe to call from many threads."""
        ...
