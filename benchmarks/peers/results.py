"""The results of the comparison: one JSON file per program or vector store."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
KINDS = ("products", "stores")


def write_result(kind: str, result: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Write a result to the file of its kind and name, and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{result['name']}.json"
    path.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def read_results(kind: str, folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Return the results of a kind by name."""
    results = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"{kind}-*.json")))
    return {result["name"]: result for result in results}
