"""Models that embed media and queries, and the fixed texts they are compared with."""
