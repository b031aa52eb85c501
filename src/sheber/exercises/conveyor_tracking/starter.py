from sheber import connect

cell = connect(exercise="conveyor-tracking")
