"""People: who they are, how they log in, and what they may do."""
