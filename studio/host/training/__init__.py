"""The training bench: models made from a user's own pictures, in processes of their own."""
