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
from search.encoders.onnx import TEXT_BATCH, Inputs
from search.encoders.open_clip.graph import write_graph
from search.encoders.open_clip.imports import choose_devices, import_torch
from search.encoders.runtime import Encode, Machine, Trial
from search.encoders.sentence.exported import TOKENIZER, ExportedSentences, sentence_file
from search.encoders.sentence.loading import TorchSentences, find_sentence_folder
from search.encoders.tokens import TokenizerConfig, Tokens
from search.errors import ModelError, find_reason

# The maximum length of a text in tokens; a model may have a lower limit.
MAX_TOKENS = 512
# The queries that the export is checked on.
CHECKED_QUERIES = ("who mends the bicycles?", "red", "Wie lange dauert die Reise nach Zürich?", "自転車はどこですか")


def export_sentences(
    manifest: ModelManifest,
    folder: ManifestFolder,
    models: Path,
    machine: Machine,
    passages: Sequence[str],
    report: ReportLine,
) -> tuple[ModelManifest, list[Check]]:
    """Export a model in every precision, and choose the fastest correct runtime.

    Args:
        manifest: The manifest of the model.
        folder: The folder of the manifest; the exports are written there.
        models: The models folder of the home.
        machine: The resources for the model.
        passages: Passages of the library. The exports are checked on all of them; static quantization is calibrated on
            half of them.
        report: Called with each progress message.

    Returns:
        The manifest with the chosen runtime, and the checks of all precisions.

    Raises:
        ModelError: There are fewer than 16 passages, the model cannot be exported, or the float32 export computes
            different vectors.
    """
    require_sample(len(passages), "passages")
    loaded = TorchSentences(find_sentence_folder(manifest.name, models), machine)
    report("writing the model")
    name_file = partial(sentence_file, folder.path)
    exported = replace(manifest, settings=_read_settings(manifest.name, loaded.model))
    loaded.model.tokenizer.backend_tokenizer.save(str(folder.path / TOKENIZER))
    input_names = _write_graph(loaded.model, name_file("fp32"))

    device = choose_devices(machine.device)[0]

    def open_export(precision: str) -> ExportedSentences:
        return ExportedSentences(exported, folder.path, precision, machine.threads, device)

    def open_passage_encoder(precision: str) -> Encode:
        return open_export(precision).encode_passages

    exact = loaded.encode_passages(passages)
    fp32 = open_export("fp32")
    require_exact("model", exact, fp32.encode_passages(passages))
    require_exact("model for queries", loaded.encode_queries(CHECKED_QUERIES), fp32.encode_queries(CHECKED_QUERIES))
    write_precisions(name_file, _tokenize_sample(exported, folder, passages, input_names), report)
    checks = check_precisions(name_file, open_passage_encoder, passages, exact, report, "passages")
    trials = [Trial("torch-fp32", loaded.encode_passages)]
    exported = replace(exported, device=device.partition(":")[0])
    chosen = choose_runtime(exported, trials, checks, passages)
    folder.write(chosen)
    return chosen, checks


def _tokenize_sample(
    manifest: ModelManifest, folder: ManifestFolder, passages: Sequence[str], input_names: Sequence[str]
) -> list[Inputs]:
    """Return the inputs of the graph for the first half of the passages, in batches."""
    settings = manifest.settings
    tokens = Tokens(folder.path / TOKENIZER, TokenizerConfig(settings["most"], settings["pad"]))
    texts = [settings["passage_prompt"] + text for text in passages[: len(passages) // 2]]
    batches = [tokens.cut(texts[start : start + TEXT_BATCH]) for start in range(0, len(texts), TEXT_BATCH)]
    return [{name: batch[name] for name in input_names} for batch in batches]


def _read_settings(name: str, model: Any) -> dict[str, Any]:
    """Return the settings to run a model without torch: its prompts and how texts are truncated and padded.

    Raises:
        ModelError: The tokenizer of the model only works with transformers.
    """
    if not hasattr(model.tokenizer, "backend_tokenizer"):
        raise ModelError(f"Cannot export {name}: its tokenizer only works with transformers.")
    prompts = model.prompts
    passage_prompt = next((prompts[name] for name in ("document", "passage", "corpus") if prompts.get(name)), "")
    max_tokens = model.max_seq_length or model.tokenizer.model_max_length
    return {
        "query_prompt": prompts.get("query", ""),
        "passage_prompt": passage_prompt,
        "most": min(max_tokens, MAX_TOKENS),
        "pad": model.tokenizer.pad_token_id or 0,
    }


def _write_graph(model: Any, path: Path) -> list[str]:
    """Write the float32 graph and return the names of its inputs."""
    torch = import_torch()
    features = model.preprocess(["a word", "some more words"])
    names = [name for name, value in features.items() if isinstance(value, torch.Tensor)]
    constants = {name: value for name, value in features.items() if name not in names}

    class SentenceGraph(torch.nn.Module):  # type: ignore[name-defined,misc]
        """All modules of the model, from token ids to normalized vectors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: Any) -> Any:
            inputs = dict(zip(names, values, strict=True)) | constants
            return torch.nn.functional.normalize(self.model(inputs)["sentence_embedding"], dim=-1)

    try:
        samples = tuple(features[name] for name in names)
        write_graph(SentenceGraph().eval(), samples, path, {name: {0: "n", 1: "length"} for name in names})
    except Exception as error:  # the exporter of torch raises many types
        raise ModelError(f"Cannot export the model to ONNX: {find_reason(error)}.") from error
    return names
