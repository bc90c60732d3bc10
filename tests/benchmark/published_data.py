"""The benchmark's data for tests: beside the checkout, or where REHEARSAL_DATA says; skipped where it is not."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("REHEARSAL_DATA") or Path(__file__).parents[3] / "shared/data")
PUBLISHED, VERIFIED = FOLDER / "swe_bench_cl.json.gz", FOLDER / "swebench_verified_500.jsonl.gz"
missing = [str(path) for path in (PUBLISHED, VERIFIED) if not path.is_file()]
needs_data = pytest.mark.skipif(
    bool(missing), reason=f"not there: {', '.join(missing)} (REHEARSAL_DATA says where)"
)
