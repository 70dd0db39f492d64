"""What the columns of a table are: their kinds, their values, and the target."""
