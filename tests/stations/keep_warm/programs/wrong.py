from sheber import connect

station = connect(exercise="keep-warm")
station.call("heat", power=150.0)
