"""Full replay (experiment 1): from scratch on everything so far. The upper bound of retention; its cost grows with the past."""

from scripts.training import lora
from scripts.training.strategies import Learned, Lesson


def learn(lesson: Lesson) -> Learned:
    """A fresh adapter, trained on the examples of all sessions."""
    model = lora.with_new_adapter(lesson.base(), lesson.recipe)
    return Learned(lora.train(model, lesson.rows, lesson.recipe), lora.saved(model))
