"""Operating: what the one who runs a school needs: its beginning, backups, what is kept, what is measured, logs."""
