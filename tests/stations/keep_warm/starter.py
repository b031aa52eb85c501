from sheber import connect

station = connect(exercise="keep-warm")
print(station.call("read")["temperature"], "of", station.given["wanted"])
