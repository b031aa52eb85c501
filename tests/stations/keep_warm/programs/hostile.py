from sheber import connect

station = connect(exercise="keep-warm")
while True:
    station.call("heat", power=100.0)
