"""How well a library answers: queries with known answers in, figures out."""
