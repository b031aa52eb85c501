from sheber import connect

station = connect(exercise="keep-warm")
while station.call("read")["temperature"] < station.given["wanted"] + 3.0:
    station.call("heat", power=100.0)
    station.call("wait", seconds=3.0)
station.call("wait", seconds=20.0)
station.call("heat", power=0.0)
