"""The background worker: jobs, watched sources and saved searches."""
