import numpy as np
import torch

from scripts.knowledge.embed import Embedder

TEXTS = [
    "the leap year is wrong",
    "slugify drops a word of a much longer title than the other text has",
    "leap years fail",
]


def test_vectors_are_unit_and_near_in_meaning(embed):
    vectors = embed(TEXTS)
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0] @ vectors[2] > 0.6 > 0.3 > vectors[0] @ vectors[1]


def test_a_vector_depends_on_its_text_alone(embed):
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        together = embed(TEXTS)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    for position, text in enumerate(TEXTS):
        assert (embed([text])[0] == together[position]).all()


def test_no_text_loads_no_model(embed, tmp_path):
    idle = Embedder(embed.name, tmp_path)
    assert idle([]).shape == (0, 0)
    assert "model" not in vars(idle)
