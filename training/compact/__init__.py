"""Train the bundled model `compact`: compute features once, train a head on them, export. Needs the `clip` extra."""
