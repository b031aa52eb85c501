"""The robot cell: a station with an arm, tools, belts and cameras. Importing this package costs nothing."""
