"""The server of the page: sessions, their messages, and who may connect."""
