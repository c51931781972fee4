"""A client of the REST API with the methods of the Python API. Home of httpx2."""

from crossmodal.client.async_client import AsyncClient
from crossmodal.client.client import Client
from crossmodal.client.parsing import StoredFile, Upload

__all__ = ["AsyncClient", "Client", "StoredFile", "Upload"]
