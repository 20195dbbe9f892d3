"""The object store: byte-deterministic tar shards in WebDataset convention, and the work that fills them."""

from crossmost.shards.archive import Sample, read_sample, read_shard, write_shard
from crossmost.shards.encoding import decode_array, decode_json, encode_array, encode_json
from crossmost.shards.fingerprint import code_fingerprint, fingerprint
from crossmost.shards.reuse import WorkItem
from crossmost.shards.rows import StoredRows
from crossmost.shards.store import SampleReference, ShardStore
from crossmost.shards.work import ShardWork, chunk_into_shards

__all__ = [
    "Sample",
    "SampleReference",
    "ShardStore",
    "ShardWork",
    "StoredRows",
    "WorkItem",
    "chunk_into_shards",
    "code_fingerprint",
    "decode_array",
    "decode_json",
    "encode_array",
    "encode_json",
    "fingerprint",
    "read_sample",
    "read_shard",
    "write_shard",
]
