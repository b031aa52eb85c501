"""Queue: jobs as rows, whose turn it is, leases, and the executors that judge them."""
