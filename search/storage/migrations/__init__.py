"""The schema's history, applied by Alembic when a home is opened."""
