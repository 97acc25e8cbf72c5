"""Files to and from a real object store."""

import uuid
from pathlib import Path

import pytest
from minio import Minio

from mstc_cloud_worker import Data, ObjectNotFound


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A folder with a file, and a file in a folder."""
    folder = tmp_path / "case"
    (folder / "mesh").mkdir(parents=True)
    (folder / "case.json").write_text('{"größe": 1}', encoding="utf-8")
    (folder / "mesh" / "grid.dat").write_bytes(b"\0\xff")
    return folder


def test_a_folder_comes_back_as_it_was(data: Data, bucket: str, case: Path, tmp_path: Path) -> None:
    names = data.upload(bucket, case, prefix="run-1/")
    files = data.download(bucket, tmp_path / "back", prefix="run-1/")

    assert names == ["run-1/case.json", "run-1/mesh/grid.dat"]
    assert data.list_objects(bucket) == names
    assert files == [tmp_path / "back" / name for name in names]
    assert [file.read_bytes() for file in files] == [
        (case / "case.json").read_bytes(),
        b"\0\xff",
    ]


def test_a_file_becomes_an_object_of_its_name(data: Data, bucket: str, case: Path) -> None:
    assert data.upload(bucket, case / "case.json") == ["case.json"]
    assert data.read_text(bucket, "case.json") == '{"größe": 1}'


def test_only_what_begins_with_the_prefix_is_listed(data: Data, bucket: str, case: Path) -> None:
    data.upload(bucket, case)

    assert data.list_objects(bucket, "mesh/") == ["mesh/grid.dat"]


def test_a_missing_bucket_is_created(store: Minio, data: Data, case: Path) -> None:
    bucket = f"mstc-test-{uuid.uuid4()}"
    try:
        data.upload(bucket, case / "case.json")
        data.create_bucket(bucket)

        assert data.list_objects(bucket) == ["case.json"]
    finally:
        store.remove_object(bucket, "case.json")
        store.remove_bucket(bucket)


def test_what_is_missing_is_named(data: Data, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(ObjectNotFound, match=f"{bucket}/nothing"):
        data.read_text(bucket, "nothing")
    with pytest.raises(ObjectNotFound, match=f"{bucket}/nothing"):
        data.download(bucket, tmp_path, "nothing")
    with pytest.raises(ObjectNotFound, match="no-such-bucket"):
        data.list_objects("no-such-bucket-" + bucket[-36:])


def test_an_object_cannot_leave_the_folder_it_is_downloaded_to(
    data: Data, bucket: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="leads out of"):
        data.download(bucket, tmp_path / "target", "../outside")
