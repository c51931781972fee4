"""The migrations of the schema, applied by Alembic when a home is opened."""
