"""Tables: reading their columns, inferring their kinds, and encoding them."""
