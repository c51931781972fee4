"""The responses of the REST API as pydantic models."""
