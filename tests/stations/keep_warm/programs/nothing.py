from sheber import connect

station = connect(exercise="keep-warm")
