"""What happens to a query before it is encoded."""
