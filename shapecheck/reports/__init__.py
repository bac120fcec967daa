"""What the user reads: one module per output form. Nothing here decides anything."""
