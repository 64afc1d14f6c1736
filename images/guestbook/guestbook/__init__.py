"""A guestbook: people leave entries, the page shows them and who served it."""
