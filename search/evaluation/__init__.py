"""Measure how well a library answers, with queries whose answers are known."""
