"""What a run came to."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from indexer.profile import Profile

COUNTS = ("scanned", "added", "updated", "renamed", "unchanged", "removed", "failed", "skipped", "forgotten")
CHANGES = ("added", "updated", "renamed", "removed", "forgotten")


@dataclass
class Summary:
    """Counts of files by what became of them. failures: reason by path, earlier ones that still stand included."""

    profile: Profile = field(default_factory=Profile)
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def has_changes(self) -> bool:
        """True when the library is no longer what it was."""
        return any(self.counts[name] for name in CHANGES)

    def describe(self, most: int | None = None) -> dict[str, Any]:
        """Return it as a document. most: failures to list, None for all."""
        failures = [{"path": path, "reason": reason} for path, reason in self.failures.items()]
        counts = {name: self.counts[name] for name in COUNTS}
        return counts | {"seconds": round(self.seconds, 2), "failures": failures[:most]}
