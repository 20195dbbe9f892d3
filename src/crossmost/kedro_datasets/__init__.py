"""Kedro datasets for what crossmost stores: objects, checkpoints, embeddings, scores, folders, tables with lists."""

from crossmost.kedro_datasets.checkpoint import CheckpointDataset
from crossmost.kedro_datasets.contact_sheets import ContactSheetsDataset
from crossmost.kedro_datasets.embeddings import EmbeddingsDataset
from crossmost.kedro_datasets.folder import FolderDataset
from crossmost.kedro_datasets.json_files import JsonFilesDataset
from crossmost.kedro_datasets.scores import ScoresDataset
from crossmost.kedro_datasets.shard_previews import CloudShardStoreDataset, ViewShardStoreDataset
from crossmost.kedro_datasets.shard_store import ShardStoreDataset
from crossmost.kedro_datasets.table import TableDataset

__all__ = [
    "CheckpointDataset",
    "CloudShardStoreDataset",
    "ContactSheetsDataset",
    "EmbeddingsDataset",
    "FolderDataset",
    "JsonFilesDataset",
    "ScoresDataset",
    "ShardStoreDataset",
    "TableDataset",
    "ViewShardStoreDataset",
]
