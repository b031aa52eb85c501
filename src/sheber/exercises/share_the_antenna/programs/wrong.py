"""Share the antenna, first come first served: every contact is asked for in the order of priority, and the desk says no."""

from sheber import connect

station = connect(exercise="share-the-antenna")
desk = station.schedule
order = sorted(desk.contacts.values(), key=lambda one: (-desk.satellites[one.satellite].priority, one.start))
desk.hold([one.name for one in order])
desk.confirm()
