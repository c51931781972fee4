"""How likely a segment is what was asked for: arrays and records in, records out."""
