"""Keep the beam: a first program. It sends where each satellite is, once a second. You make it keep the beam."""

from sheber import connect

station = connect(exercise="keep-the-beam")
mount, clock = station.mount, station.clock
print(mount)

for name, start, end in station.sheet["passes"]:
    print(f"{name} is up from {start:.0f} s to {end:.0f} s")
    clock.wait_until(start - 90.0)  # early enough to get there
    first = station.elements.look(name, start)
    mount.point(first.azimuth_deg, first.elevation_deg)
    clock.wait_until(start)
    while clock.time < end:
        seen = station.elements.look(name, clock.time)
        mount.point(seen.azimuth_deg, seen.elevation_deg)
        clock.wait(0.9)
mount.park()
