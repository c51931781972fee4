"""Export a sentence model to ONNX in several precisions, checked against the original."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from search.encoders.export_checks import (
    Check,
    ReportLine,
    check_precisions,
    choose_runtime,
    require_exact,
    require_sample,
    write_precisions,
)
from search.encoders.manifest import ManifestFolder, ModelManifest
from search.encoders.onnx import TEXT_BATCH
from search.encoders.open_clip.graph import write_graph
from search.encoders.open_clip.imports import choose_devices, import_torch
from search.encoders.runtime import Encode, Machine, Trial
from search.encoders.sentence.exported import TOKENIZER, ExportedSentences, sentence_file
from search.encoders.sentence.loading import TorchSentences, find_sentence_folder
from search.encoders.tokens import TokenizerConfig, Tokens
from search.errors import ModelError, find_reason

# No passage is longer than this, in word pieces, where a model itself sets no limit.
MAX_TOKENS = 512
QUESTIONS = ("who mends the bicycles?", "red", "Wie lange dauert die Reise nach Zürich?", "自転車はどこですか")


def export_sentences(
    manifest: ModelManifest,
    folder: ManifestFolder,
    models: Path,
    machine: Machine,
    passages: Sequence[str],
    report: ReportLine,
) -> tuple[ModelManifest, list[Check]]:
    """Export the model in every precision, and choose the fastest correct runtime.

    passages: the library's own: half of them are what static quantisation is calibrated on, all are what is checked.
    Raises ModelError if there are fewer than 16, or if the exact export computes different vectors.
    """
    require_sample(len(passages), "passages")
    loaded = TorchSentences(find_sentence_folder(manifest.name, models), machine)
    report("writing the model")
    name_file = partial(sentence_file, folder.path)
    exported = replace(manifest, settings=_read_settings(manifest.name, loaded.model))
    loaded.model.tokenizer.backend_tokenizer.save(str(folder.path / TOKENIZER))
    inputs = _write(loaded.model, name_file("fp32"))

    device = choose_devices(machine.device)[0]

    def open_one(precision: str) -> ExportedSentences:
        return ExportedSentences(exported, folder.path, precision, machine.threads, device)

    exact = loaded.encode_passages(passages)
    require_exact("model", exact, open_one("fp32").encode_passages(passages))
    require_exact("model for queries", loaded.encode_queries(QUESTIONS), open_one("fp32").encode_queries(QUESTIONS))
    tokens = Tokens(folder.path / TOKENIZER, TokenizerConfig(exported.settings["most"], exported.settings["pad"]))
    half = [exported.settings["passage_prompt"] + text for text in passages[: len(passages) // 2]]
    cuts = [tokens.cut(half[start : start + TEXT_BATCH]) for start in range(0, len(half), TEXT_BATCH)]
    write_precisions(name_file, [{name: cut[name] for name in inputs} for cut in cuts], report)

    def open_run(precision: str) -> Encode:
        return open_one(precision).encode_passages

    checks = check_precisions(name_file, open_run, passages, exact, report, "passages")
    trials = [Trial("torch-fp32", loaded.encode_passages)]
    exported = replace(exported, device=device.partition(":")[0])
    chosen = choose_runtime(exported, trials, checks, passages)
    folder.write(chosen)
    return chosen, checks


def _read_settings(name: str, model: Any) -> dict[str, Any]:
    """Return what is to be known of a model to run it without torch. Raises ModelError where that is not enough."""
    if not hasattr(model.tokenizer, "backend_tokenizer"):
        raise ModelError(f"{name} cannot be exported: its tokenizer has no form that works without transformers")
    prompts = model.prompts
    passage = next((prompts[one] for one in ("document", "passage", "corpus") if prompts.get(one)), "")
    most = model.max_seq_length or model.tokenizer.model_max_length
    return {
        "query_prompt": prompts.get("query", ""),
        "passage_prompt": passage,
        "most": min(most, MAX_TOKENS),
        "pad": model.tokenizer.pad_token_id or 0,
    }


def _write(model: Any, path: Path) -> list[str]:
    """Write the exact graph and return the names of its inputs."""
    torch = import_torch()
    features = model.preprocess(["a word", "some more words"])
    names = [name for name, value in features.items() if isinstance(value, torch.Tensor)]
    rest = {name: value for name, value in features.items() if name not in names}

    class SentenceGraph(torch.nn.Module):  # type: ignore[name-defined,misc]
        """From word pieces to vectors, by all the parts that the model's own settings list."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: Any) -> Any:
            given = dict(zip(names, values, strict=True)) | rest
            return torch.nn.functional.normalize(self.model(given)["sentence_embedding"], dim=-1)

    try:
        samples = tuple(features[name] for name in names)
        write_graph(SentenceGraph().eval(), samples, path, {name: {0: "n", 1: "length"} for name in names})
    except Exception as error:  # the exporter of torch raises many types
        raise ModelError(f"the model cannot be written as ONNX: {find_reason(error)}") from error
    return names
