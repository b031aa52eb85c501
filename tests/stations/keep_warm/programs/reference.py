from sheber import connect


class Thermostat:
    """The station in its own words."""

    def __init__(self, station):
        self._station = station
        self.wanted = station.given["wanted"]

    @property
    def temperature(self):
        return self._station.call("read")["temperature"]

    def heat(self, power, seconds=0.0):
        self._station.call("heat", power=min(100.0, max(0.0, power)))
        self._station.call("wait", seconds=seconds)


room = Thermostat(connect(exercise="keep-warm"))
start = room.temperature
print("the room has", round(start, 1), "of", room.wanted, "°C")
while room.temperature < room.wanted - 0.5:
    room.heat(100.0, 2.0)
hold = 50.0
for _n in range(18):
    error = room.wanted - room.temperature
    hold += 8.0 * error
    room.heat(hold + 40.0 * error, 5.0)
room.heat(0.0)
