"""What the page shows and sends: its settings, addresses and messages."""
