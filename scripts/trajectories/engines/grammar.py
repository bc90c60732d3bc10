"""Grammar-constrained decoding by xgrammar: a reply that is always a well-formed action."""

from typing import Any

import torch
import xgrammar


class Grammars:
    """Compiled grammars of one tokenizer. `ends`: the token ids that may end a reply."""

    def __init__(self, tokenizer: Any, vocabulary: int, ends: tuple[int, ...]) -> None:
        info = xgrammar.TokenizerInfo.from_huggingface(
            tokenizer, vocab_size=vocabulary, stop_token_ids=list(ends)
        )
        self.compiler = xgrammar.GrammarCompiler(info, max_threads=1)
        self.bitmask = xgrammar.allocate_token_bitmask(1, vocabulary)

    def matcher(self, grammar: str) -> xgrammar.GrammarMatcher:
        """A matcher at the beginning of a reply; the compiler keeps what it compiled."""
        return xgrammar.GrammarMatcher(self.compiler.compile_grammar(grammar))

    def mask(self, matcher: xgrammar.GrammarMatcher, scores: torch.Tensor) -> torch.Tensor:
        """Scores [vocabulary] with every token that the grammar forbids at minus infinity."""
        if matcher.is_terminated() or not matcher.fill_next_token_bitmask(self.bitmask):
            return scores
        xgrammar.apply_token_bitmask_inplace(scores[None], self.bitmask)
        return scores
