"""Places: the names of the city, the region and the country in which something was captured, without a network."""
