"""The bundled models: `compact`."""
