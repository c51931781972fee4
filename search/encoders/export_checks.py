"""The common part of every export to ONNX: several precisions, each checked before it is used."""

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
# The minimum agreement@10 of an export that may be used.
MIN_AGREEMENT = 0.9
# The maximum difference of any number in a vector of the exact export.
MAX_DIFFERENCE = 1e-3
MIN_SAMPLE = 16
ReportLine = Callable[[str], None]
Open = Callable[[str], Encode]


@dataclass(frozen=True)
class Check:
    """The measured quality of an export.

    Attributes:
        precision: One of `PRECISIONS`.
        cosine: The lowest cosine with the exact vectors.
        agreement: agreement@10 on a sample of the library.
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
    """Raise ModelError if the library has too few items to check an export."""
    if count < MIN_SAMPLE:
        raise ModelError(
            f"An export is checked on at least {MIN_SAMPLE} {what} of the library. Index more files first."
        )


def require_exact(what: str, exact: Vectors, exported: Vectors) -> None:
    """Raise ModelError if the exact export computes different vectors."""
    differ = float(np.abs(exact - exported).max())
    if not differ <= MAX_DIFFERENCE:
        raise ModelError(
            f"The vectors of the exported {what} differ by {differ:.4f} from those of torch. The export is not used."
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
    name_file: Callable[[str], Path], open_one: Open, sample: TrialInput, exact: Vectors, report: ReportLine, what: str
) -> list[Check]:
    """Compare every precision with the vectors of torch, shape (n, d).

    Args:
        name_file: Returns the path of a precision.
        open_one: Opens the model in a precision.
        sample: Images or texts.
        exact: The vectors of torch.
        report: Called with each result.
        what: The name of the samples in messages.
    """
    checks = []
    for precision in PRECISIONS:
        encode = open_one(precision)
        encode(sample[:QUICK_SAMPLES])
        rate, rows = measure_rate(encode, sample)
        # A zero vector has no direction.
        cosine = float(np.nan_to_num((rows * exact).sum(axis=1)).min())
        megabytes = weigh_graph(name_file(precision)) / 2**20
        check = Check(precision, cosine, measure_agreement(exact, rows), round(rate, 2), megabytes)
        report(f"{precision}: cosine {check.cosine:.4f}, agreement@10 {check.agreement:.2f}, {check.rate:.1f} {what}/s")
        checks.append(check)
    return checks


def choose_runtime(
    manifest: ModelManifest, ways: Sequence[Trial], checks: Sequence[Check], sample: TrialInput
) -> ModelManifest:
    """Return the manifest with the fastest correct runtime. The first of `ways` is exact."""
    found = measure_trials(list(ways), sample)
    rates = found.rates | {f"onnx-{one.precision}": one.rate for one in checks if one.is_right}
    right = {name: rate for name, rate in rates.items() if name == found.best or name.startswith("onnx-")}
    return replace(manifest, runtime=max(right, key=right.__getitem__), runtimes=rates)
