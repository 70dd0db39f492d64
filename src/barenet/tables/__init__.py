"""Tables: their columns, how these are read, what kinds they have, and how they are encoded."""
