"""Submissions: programs that people handed in or tried, and what each scene gave."""
