"""Live: what a judge is writing at this moment, shown to those who watch. Encoded once a run and language."""
