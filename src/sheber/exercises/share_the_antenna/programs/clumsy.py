"""Share the antenna by greed: the best contact first, a little help for who was promised more, holes filled afterwards."""

from sheber import connect

station = connect(exercise="share-the-antenna")
desk = station.schedule


def excludes(a, b):
    first, second = (a, b) if a.start <= b.start else (b, a)
    if a.satellite == b.satellite and second.start < first.end:
        return True
    return a.antenna == b.antenna and second.start < first.end + desk.antennas[a.antenna]


def allowed(one):
    owner = desk.satellites[one.satellite].partner
    return not any(
        b.antenna == one.antenna and one.start < b.end and b.start < one.end and b.partner != owner
        for b in desk.own_time
    )


def greedy(help_by):
    """The contacts of the largest value that fit; a partner's value is multiplied by its help."""
    chosen, count = [], {}
    order = sorted(
        desk.contacts.values(), key=lambda o: -o.value * help_by.get(desk.satellites[o.satellite].partner, 1.0)
    )
    for first, one in [(True, one) for one in order] + [(False, one) for one in order]:
        day = one.satellite, int(one.start // 86400.0)
        if first and count.get(day, 0) >= desk.satellites[one.satellite].contacts_a_day:
            continue  # at first everybody gets what was promised
        if one in chosen:
            continue
        near = [other for other in chosen if other.antenna == one.antenna or other.satellite == one.satellite]
        if allowed(one) and not any(excludes(one, other) for other in near):
            chosen.append(one)
            count[day] = count.get(day, 0) + 1
    return chosen


def share(chosen, name):
    whole = sum(one.seconds for one in chosen)
    return sum(one.seconds for one in chosen if desk.satellites[one.satellite].partner == name) / whole


def counts(chosen):
    """What a plan is worth, with what its partners lack taken off."""
    lacking = min(share(chosen, name) / one.least for name, one in desk.partners.items())
    return sum(one.value for one in chosen) * min(1.0, lacking)


help_by, plans = {}, []
for _round in range(12):
    plans.append(greedy(help_by))
    for name, one in desk.partners.items():
        if share(plans[-1], name) < one.least:
            help_by[name] = help_by.get(name, 1.0) * 1.25
plan = max(plans, key=counts)

desk.hold([one.name for one in plan])
desk.confirm()
for name in desk.asked[::2]:  # every second letter is answered
    if name not in desk.held:
        desk.refuse(name, because=[one.name for one in plan if excludes(one, desk.contacts[name])])

# after the failure: only fill what is free, once an hour
now = station.clock.time
while now < 41000.0:
    news = desk.wait_for_news(now + 3600.0)
    if news:
        station.clock.wait(1200.0)  # let us see first
        kept = [desk.contacts[name] for name in desk.held]
        soon = station.clock.time + desk.freeze
        free = [
            one
            for one in desk.contacts.values()
            if one.start > soon
            and one.antenna != news[0].antenna
            and allowed(one)
            and not any(excludes(one, other) for other in kept)
        ]
        desk.hold([one.name for one in sorted(free, key=lambda one: -one.value)])  # some of these clash
        desk.confirm()
        break
    now = station.clock.time
