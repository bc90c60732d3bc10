"""Text to token ids, the same for a session and for the training example made of it.

A conversation is cut where replies begin and end. Each piece is tokenized once, when it is said, and its ids ride with its
message from then on: history is never tokenized again, so a prompt read twice is the same prompt.
"""

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from scripts.errors import UserError

MARK = "\N{WHITE SQUARE}reply\N{WHITE SQUARE}"


def shared_beginning(prompts: Iterable[list[int]]) -> int:
    """How many first ids all prompts have in common."""
    columns = zip(*prompts, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


class Renderer:
    """The chat template of one tokenizer, cut into pieces at the replies.

    ends: token ids that end a reply. Raises UserError for a template that rewrites what was said before.
    """

    def __init__(self, tokenizer: Any, ends: list[int]) -> None:
        self.tokenizer, self.ends = tokenizer, tuple(ends)
        self.end = tokenizer.eos_token_id
        self.tail_start = tokenizer.decode([self.end])

    def opening(self, system: str, example: list[dict], user: str) -> list[int]:
        """Ids from the beginning, over the example's messages, to where the first reply begins."""
        first, last = {"role": "system", "content": system}, {"role": "user", "content": self._plain(user)}
        return self._ids(self._text([first, *example, last]))

    def reply(self, text: str) -> list[int]:
        """Ids of a reply that somebody else wrote (the expert), ended."""
        return [*self._ids(text), self.end]

    def after(self, text: str) -> list[int]:
        """Ids from the end of a reply, over the observation `text`, to where the next reply begins."""
        roles = ("system", "s"), ("user", "u"), ("assistant", MARK), ("user", self._plain(text))
        rendered = self._text([{"role": role, "content": content} for role, content in roles])
        if rendered.count(MARK) != 1:
            raise UserError(
                "chat template", "it rewrites earlier replies", "use a model whose template only appends"
            )
        return self._ids(rendered.split(MARK)[1].removeprefix(self.tail_start))

    def text(self, ids: list[int]) -> str:
        """The text of a reply without its end."""
        return self.tokenizer.decode([token for token in ids if token not in self.ends])

    def _plain(self, text: str) -> str:
        """Text of an issue or a command, unable to end its own turn: special tokens in it lose their spelling."""
        for token in self.tokenizer.all_special_tokens:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def _text(self, messages: list[dict]) -> str:
        return self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]
