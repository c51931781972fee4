"""What every export to ONNX has in common: several precisions, each checked before it is used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from search.encoders.manifest import ModelManifest
from search.encoders.onnx import Inputs, quantize_graph, weigh_graph
from search.encoders.runtime import GLANCE, Encode, Trial, TrialInput, measure_agreement, measure_rate, measure_trials
from search.errors import ModelError
from search.records import Vectors

PRECISIONS = ("fp32", "fp16", "int8-dynamic", "int8-static")
# An export that ranks otherwise than this share of the nearest ten is not used, however near its vectors are.
AGREEMENT = 0.9
# What is written exactly may differ by this much, no more, in any number of a vector.
EXACT = 1e-3
MIN_SAMPLE = 16
Say = Callable[[str], None]
Open = Callable[[str], Encode]


@dataclass(frozen=True)
class Check:
    """What an export was found to be: worst cosine, agreement@10 on the library's own, pictures or texts a second."""

    precision: str
    cosine: float
    agreement: float
    rate: float
    megabytes: float

    @property
    def is_right(self) -> bool:
        """True when it may be used."""
        return self.agreement >= AGREEMENT and self.cosine > 0


def require_sample(count: int, what: str) -> None:
    """Raise ModelError when there are too few of the library's own to check an export on."""
    if count < MIN_SAMPLE:
        raise ModelError(f"an export is checked on {MIN_SAMPLE} of the library's own {what} or more: index some first")


def require_exact(what: str, exact: Vectors, exported: Vectors) -> None:
    """Raise ModelError when what was exported exactly gives other vectors."""
    differ = float(np.abs(exact - exported).max())
    if not differ <= EXACT:
        raise ModelError(f"the exported {what} differs by {differ:.4f} from torch's: it is not used")


def write_precisions(name_file: Callable[[str], Path], sample: Sequence[Inputs], say: Say) -> None:
    """Write the exact graph in fewer bits. name_file: where each precision lies; sample: inputs to calibrate on."""
    for precision in PRECISIONS[1:]:
        say(f"writing it in {precision}")
        quantize_graph(name_file("fp32"), name_file(precision), precision, sample)


def check_precisions(
    name_file: Callable[[str], Path], open_one: Open, sample: TrialInput, exact: Vectors, say: Say, what: str
) -> list[Check]:
    """Hold every precision against the vectors of torch, shape (n, d). open_one: gives what runs it."""
    checks = []
    for precision in PRECISIONS:
        encode = open_one(precision)
        encode(sample[:GLANCE])
        rate, rows = measure_rate(encode, sample)
        # A vector of nothing but zeros points nowhere.
        cosine = float(np.nan_to_num((rows * exact).sum(axis=1)).min())
        megabytes = weigh_graph(name_file(precision)) / 2**20
        check = Check(precision, cosine, measure_agreement(exact, rows), round(rate, 2), megabytes)
        say(f"{precision}: cosine {check.cosine:.4f}, agreement@10 {check.agreement:.2f}, {check.rate:.1f} {what}/s")
        checks.append(check)
    return checks


def choose_runtime(
    manifest: ModelManifest, ways: Sequence[Trial], checks: Sequence[Check], sample: TrialInput
) -> ModelManifest:
    """Return the card with the fastest right way to run the model, torch's among them; the first of these is exact."""
    found = measure_trials(list(ways), sample)
    rates = found.rates | {f"onnx-{one.precision}": one.rate for one in checks if one.is_right}
    right = {name: rate for name, rate in rates.items() if name == found.best or name.startswith("onnx-")}
    return replace(manifest, runtime=max(right, key=right.__getitem__), runtimes=rates)
