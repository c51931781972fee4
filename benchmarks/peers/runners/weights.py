"""Write the random weights that all programs use: a checkpoint of open_clip, and the same as ONNX files for rclip.

    PYTHON weights.py FOLDER          with the interpreter of the environment `plain`

rclip uses ViT-B-32-256, so all do. The ONNX files have float32 weights.
"""

import shutil
import sys
from pathlib import Path

from support import declare_operators

DECLARED = declare_operators()

import open_clip  # noqa: E402
import torch  # noqa: E402

MODEL, SEED = "ViT-B-32-256", 20260101
VOCABULARY = "bpe_simple_vocab_16e6.txt.gz"


class Tower(torch.nn.Module):
    """One of the two encoders of a model."""

    def __init__(self, model: torch.nn.Module, method: str) -> None:
        super().__init__()
        self.model, self.method = model, method

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of a batch."""
        return getattr(self.model, self.method)(batch)


def export(tower: Tower, example: torch.Tensor, path: Path) -> None:
    torch.onnx.export(
        tower,
        (example,),
        str(path),
        input_names=["input"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        external_data=False,
        dynamo=True,
    )


def main() -> None:
    """Write the files."""
    folder = Path(sys.argv[1])
    torch.manual_seed(SEED)
    # The fast path of PyTorch's attention cannot be exported.
    torch.backends.mha.set_fastpath_enabled(False)
    model = open_clip.create_model(MODEL, pretrained=None).eval()
    torch.save(model.state_dict(), folder / "model.pt")
    models, tokenizer = folder / "rclip" / f"{MODEL}-datacomp_s34b_b86k", folder / "rclip" / "tokenizer"
    for part in (models, tokenizer):
        part.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(open_clip.__file__).parent / VOCABULARY, tokenizer / VOCABULARY)
    with torch.inference_mode():
        export(Tower(model, "encode_image").eval(), torch.zeros(2, 3, 256, 256), models / "visual.onnx")
        texts = open_clip.get_tokenizer(MODEL)(["a dog", "a cat on a mat"])
        export(Tower(model, "encode_text").eval(), texts, models / "textual.onnx")


if __name__ == "__main__":
    main()
