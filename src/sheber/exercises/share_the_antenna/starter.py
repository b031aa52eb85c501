"""Share the antenna: a first program. It holds one contact for each antenna. You write the rest."""

from sheber import connect

station = connect(exercise="share-the-antenna")
desk = station.schedule

print(desk)
for partner in desk.partners.values():
    print(partner.name, "was promised", partner.least, "of the contact time")

for antenna in desk.antennas:
    best = max((one for one in desk.contacts.values() if one.antenna == antenna), key=lambda one: one.value)
    refused = desk.hold([best.name])
    print(best.name, refused.get(best.name, "is held"))
desk.confirm()

for news in desk.wait_for_news(42000.0):
    print(news.antenna, "failed at", news.time, "s; lost:", news.lost)
# Next: hold what can be had instead, at other antennas, and move little of what was agreed.
