"""A job of a study, as an image may run it: reads its input, works, and stores its output.

`worker.map("team/solver:3", …, args=["--mesh", "{input}"])` runs it with the name of an object. It
finds everything else in its environment: `Data()` reads the address and the credentials of the
object store there.
"""

import argparse
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from mstc_cloud_worker import Data


def solve(mesh: Path, result: Path) -> None:
    """Where a real solver would work."""
    text = mesh.read_text(encoding="utf-8")
    print(f"solving a mesh of {len(text)} characters")
    result.write_text(json.dumps({"mesh": text}), encoding="utf-8")


def main() -> None:
    """Runs the job."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mesh", help="the object in the input bucket that has the mesh")
    arguments = parser.parse_args()
    if arguments.mesh is None:
        print("nothing to solve")
        return
    data = Data()
    with TemporaryDirectory() as folder:
        (mesh,) = data.download(os.environ["INPUT_BUCKET"], folder, arguments.mesh)
        result = Path(folder, "flow.json")
        solve(mesh, result)
        # Without the prefix, the jobs of a study would overwrite each other's results.
        data.upload(os.environ["OUTPUT_BUCKET"], result, prefix=os.environ["FILE_PREFIX"] + "-")
    print("solved")


if __name__ == "__main__":
    main()
