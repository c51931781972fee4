"""From raw similarities to one ranked list. Pure: arrays and records in, records out."""
