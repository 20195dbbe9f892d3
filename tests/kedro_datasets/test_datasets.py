import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from kedro.io import DatasetError

from crossmost.errors import CrossmostError
from crossmost.hooks import user_error
from crossmost.kedro_datasets import (
    CheckpointDataset,
    FolderDataset,
    JsonFilesDataset,
    ShardStoreDataset,
)
from crossmost.models.checkpoint import Checkpoint
from crossmost.shards import Sample, ShardWork


@dataclass(frozen=True)
class Item:
    key: str
    fingerprint: str = "1"


def make_sample(item: Item) -> Sample:
    return Sample(item.key, {"json": b"{}"})


def message(error: pytest.ExceptionInfo[DatasetError]) -> str:
    """What a person sees of an error that Kedro has wrapped."""
    meant = user_error(error.value)
    assert isinstance(meant, CrossmostError)
    return str(meant)


def test_saving_work_fills_the_store(tmp_path: Path) -> None:
    dataset = ShardStoreDataset(filepath=str(tmp_path / "store"))
    assert not dataset.exists()
    dataset.save(ShardWork({"s": [Item("a"), Item("b")]}, make_sample, "1", "testing", 1))
    assert dataset.exists()
    assert dataset.load().object_ids() == ["a", "b"]
    assert "store" in str(dataset)


def test_a_missing_or_unfinished_store_is_explained(tmp_path: Path) -> None:
    dataset = ShardStoreDataset(filepath=str(tmp_path / "store"))
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "no object store" in message(error)
    (tmp_path / "store").mkdir()
    assert not dataset.exists()
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "unfinished" in message(error)


def test_a_store_saves_work_only(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as error:
        ShardStoreDataset(filepath=str(tmp_path)).save({"a": 1})  # type: ignore[arg-type]
    assert "ShardWork only, got dict" in message(error)


def test_checkpoints_come_back_as_they_were(tmp_path: Path) -> None:
    dataset = CheckpointDataset(filepath=str(tmp_path / "model"))
    assert not dataset.exists()
    shared = torch.randn(3, 4)
    tensors = {"b": shared, "a": shared, "view": shared.T, "half": torch.ones(2, dtype=torch.bfloat16)}
    dataset.save(Checkpoint(tensors, {"class_names": ["stühle"], "dim": 4}))
    loaded = dataset.load()
    assert dataset.exists() and loaded.card == {"class_names": ["stühle"], "dim": 4}
    assert set(loaded.tensors) == set(tensors)
    assert all(torch.equal(loaded.tensors[name], tensor) for name, tensor in tensors.items())
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["card.json", "model.safetensors"]


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    dataset = CheckpointDataset(filepath=str(tmp_path))
    dataset.save(Checkpoint({"a": torch.zeros(1)}, {"step": 1}))
    with pytest.raises(DatasetError) as error:
        dataset.save(Checkpoint({"a": torch.ones(1)}, {"step": object()}))
    assert "plain JSON" in message(error)
    assert dataset.load().card == {"step": 1} and dataset.load().tensors["a"] == 0


def test_a_run_that_is_killed_between_both_files_leaves_no_mixed_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = CheckpointDataset(filepath=str(tmp_path))
    dataset.save(Checkpoint({"weight": torch.zeros(2)}, {"step": 1}))
    rename = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target.name == "card.json":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        dataset.save(Checkpoint({"weight": torch.ones(2)}, {"step": 2}))
    assert not dataset.exists()


def test_missing_and_damaged_checkpoints_are_explained(tmp_path: Path) -> None:
    dataset = CheckpointDataset(filepath=str(tmp_path))
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "There is no model" in message(error)
    dataset.save(Checkpoint({"a": torch.zeros(1)}, {}))
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "is no JSON" in message(error)
    (tmp_path / "card.json").write_text(json.dumps([]))
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "expected a JSON object" in message(error)
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "is damaged" in message(error)


def test_a_folder_loads_to_its_path(tmp_path: Path) -> None:
    metadata = {"crossmost": {"made_by": "`make data` fills it"}}
    dataset = FolderDataset(filepath=str(tmp_path), metadata=metadata)
    (tmp_path / ".gitkeep").touch()
    assert not dataset.exists()
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "`make data` fills it" in message(error)
    (tmp_path / "a.sh3f").touch()
    assert dataset.exists() and dataset.load() == tmp_path
    with pytest.raises(DatasetError) as error:
        dataset.save(tmp_path)
    assert "read-only" in message(error)


def test_an_optional_folder_may_be_absent(tmp_path: Path) -> None:
    dataset = FolderDataset(filepath=str(tmp_path / "no"), metadata={"crossmost": {"optional": True}})
    assert dataset.load() == tmp_path / "no"


def test_a_folder_of_documents_may_be_absent_but_not_damaged(tmp_path: Path) -> None:
    dataset = JsonFilesDataset(filepath=str(tmp_path / "seeds"))
    assert dataset.load() == {} and not dataset.exists()
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/b.json").write_text('{"seed": 2}')
    (tmp_path / "seeds/a.json").write_text('{"seed": 1}')
    assert dataset.exists() and list(dataset.load().items()) == [("a", {"seed": 1}), ("b", {"seed": 2})]
    (tmp_path / "seeds/c.json").write_text("{")
    with pytest.raises(DatasetError) as error:
        dataset.load()
    assert "c.json is no JSON" in message(error)
    with pytest.raises(DatasetError) as error:
        dataset.save({"d": {}})
    assert "read-only" in message(error)
