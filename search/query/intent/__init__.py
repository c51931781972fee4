"""Words of a query that are meant as filters: dates and kinds of items."""
