"""How `compact` is made: features once, a head trained on them, then export. Needs the `clip` extra."""
