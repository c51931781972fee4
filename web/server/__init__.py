"""The HTTP server: uvicorn, and the way from it to the Flask application. Home of uvicorn and h11."""
