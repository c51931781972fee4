"""Check exports of a model to ONNX in several precisions, and choose the fastest correct runtime."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from search.encoders.manifest import ModelManifest
from search.encoders.onnx import Inputs, quantize_graph, weigh_graph
from search.encoders.runtime import (
    QUICK_SAMPLES,
    Encode,
    Trial,
    TrialInput,
    measure_agreement,
    measure_rate,
    measure_trials,
)
from search.errors import ModelError
from search.records import Vectors

PRECISIONS = ("fp32", "fp16", "int8-dynamic", "int8-static")
# An export is only used if its agreement@10 is at least this.
MIN_AGREEMENT = 0.9
# The maximum absolute difference between the vectors of the float32 export and of torch, per component.
MAX_DIFFERENCE = 1e-3
# The minimum number of items to check an export on.
MIN_SAMPLE = 16
# Called with each progress message.
ReportLine = Callable[[str], None]
# Opens an export by its precision.
OpenExport = Callable[[str], Encode]


@dataclass(frozen=True)
class Check:
    """The measured quality of an export.

    Attributes:
        precision: One of `PRECISIONS`.
        cosine: The lowest cosine with the exact vectors.
        agreement: The agreement@10 with the exact vectors on a sample of the library, 0 to 1.
        rate: Images or texts per second.
        megabytes: The size of the files in MiB.
    """

    precision: str
    cosine: float
    agreement: float
    rate: float
    megabytes: float

    @property
    def is_right(self) -> bool:
        """Whether the export may be used."""
        return self.agreement >= MIN_AGREEMENT and self.cosine > 0


def require_sample(count: int, what: str) -> None:
    """Raise ModelError if the library has too few items to check an export.

    Args:
        count: The number of items.
        what: The name of the items in the message, such as `images`.
    """
    if count < MIN_SAMPLE:
        raise ModelError(
            f"An export is checked on at least {MIN_SAMPLE} {what} of the library. Index more files first."
        )


def require_exact(what: str, exact: Vectors, exported: Vectors) -> None:
    """Raise ModelError if the float32 export computes different vectors than torch.

    Args:
        what: The name of the exported model in the message.
        exact: The vectors of torch, shape (n, d).
        exported: The vectors of the export, shape (n, d).
    """
    difference = float(np.abs(exact - exported).max())
    if not difference <= MAX_DIFFERENCE:  # also true for NaN
        raise ModelError(
            f"The vectors of the exported {what} differ by {difference:.4f} from those of torch. "
            "The export is not used; torch runs the model instead."
        )


def write_precisions(name_file: Callable[[str], Path], sample: Sequence[Inputs], report: ReportLine) -> None:
    """Write the graph in lower precisions.

    Args:
        name_file: Returns the path of a precision.
        sample: Inputs for the calibration.
        report: Called with each progress message.
    """
    for precision in PRECISIONS[1:]:
        report(f"writing {precision}")
        quantize_graph(name_file("fp32"), name_file(precision), precision, sample)


def check_precisions(
    name_file: Callable[[str], Path],
    open_export: OpenExport,
    sample: TrialInput,
    exact: Vectors,
    report: ReportLine,
    what: str,
) -> list[Check]:
    """Compare the export in every precision with torch.

    Args:
        name_file: Returns the path of a precision.
        open_export: Opens the export in a precision.
        sample: Images or texts.
        exact: The vectors of torch, shape (n, d).
        report: Called with each result.
        what: The name of the samples in messages, such as `images`.
    """
    checks = []
    for precision in PRECISIONS:
        encode = open_export(precision)
        encode(sample[:QUICK_SAMPLES])
        rate, rows = measure_rate(encode, sample)
        # A zero vector becomes NaN when it is normalized.
        cosine = float(np.nan_to_num((rows * exact).sum(axis=1)).min())
        megabytes = weigh_graph(name_file(precision)) / 2**20
        check = Check(precision, cosine, measure_agreement(exact, rows), round(rate, 2), megabytes)
        report(f"{precision}: cosine {check.cosine:.4f}, agreement@10 {check.agreement:.2f}, {check.rate:.1f} {what}/s")
        checks.append(check)
    return checks


def choose_runtime(
    manifest: ModelManifest, trials: Sequence[Trial], checks: Sequence[Check], sample: TrialInput
) -> ModelManifest:
    """Return a manifest with the fastest correct runtime.

    Args:
        manifest: The manifest.
        trials: The runtimes of torch. The first one is exact.
        checks: The results of `check_precisions`.
        sample: Images or texts.
    """
    findings = measure_trials(list(trials), sample)
    rates = findings.rates | {f"onnx-{check.precision}": check.rate for check in checks if check.is_right}
    correct = {name: rate for name, rate in rates.items() if name == findings.best or name.startswith("onnx-")}
    return replace(manifest, runtime=max(correct, key=correct.__getitem__), runtimes=rates)
