from sheber import connect

station = connect(exercise="keep-warm")
wanted = station.given["wanted"]
for _n in range(40):
    cold = station.call("read")["temperature"] < wanted
    station.call("heat", power=100.0 if cold else 0.0)
    station.call("wait", seconds=4.0)
