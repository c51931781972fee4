"""Accounts: passwords, tokens and who sends a request."""
