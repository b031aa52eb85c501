"""Web: pages and API of the school. It shows what the school gives, and computes nothing."""
