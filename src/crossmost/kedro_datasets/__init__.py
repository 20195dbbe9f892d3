"""Kedro datasets for what crossmost stores: object stores, checkpoints, folders of raw data."""

from crossmost.kedro_datasets.checkpoint import CheckpointDataset
from crossmost.kedro_datasets.folder import FolderDataset
from crossmost.kedro_datasets.json_files import JsonFilesDataset
from crossmost.kedro_datasets.shard_store import ShardStoreDataset

__all__ = ["CheckpointDataset", "FolderDataset", "JsonFilesDataset", "ShardStoreDataset"]
