"""The example notebook, run as it is."""

import json
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient", reason="needs nbclient and ipykernel")
nbformat = pytest.importorskip("nbformat", reason="needs nbclient and ipykernel")

NOTEBOOK = Path(__file__).parent.parent / "examples" / "study.ipynb"


@pytest.mark.usefixtures("worker")
def test_the_notebook_runs_and_shows_its_progress(
    bucket: str, timeout_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSTC_BUCKET", bucket)
    notebook = nbformat.read(NOTEBOOK, as_version=4)

    nbclient.NotebookClient(
        notebook,
        timeout=int(timeout_s),
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()

    outputs = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    assert "3/3" in outputs
    assert "wing-2 SUCCEEDED SUCCESS" in outputs
    assert len([*(tmp_path / "out").glob("*/*.log")]) == 3
    # One bar that changes, not one for each change.
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert len([output for output in shown if output["output_type"] == "display_data"]) == 1
