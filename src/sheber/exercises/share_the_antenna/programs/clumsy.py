"""Share the antenna, half of it: a good plan and all answers, but nobody is there when an antenna fails."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from sheber import connect

station = connect(exercise="share-the-antenna")
desk = station.schedule
contacts = list(desk.contacts.values())
n = len(contacts)
value = np.array([one.value for one in contacts])
seconds = np.array([one.seconds for one in contacts])
partner = np.array([desk.satellites[one.satellite].partner for one in contacts])
day = np.array([int((one.start - desk.start) // 86400.0) for one in contacts])
satellite = np.array([one.satellite for one in contacts])


def cliques():
    """Sets of contacts with a common moment, of one antenna (with turn-round) or one satellite."""
    lanes = {}
    for k, one in enumerate(contacts):
        lanes.setdefault(("a", one.antenna), []).append((one.start, one.end + desk.antennas[one.antenna], k))
        lanes.setdefault(("s", one.satellite), []).append((one.start, one.end, k))
    found = set()
    for lane in lanes.values():
        now = []
        for start, end, k in sorted(lane):
            still = [entry for entry in now if entry[0] > start]
            if len(still) < len(now) > 1:
                found.add(tuple(sorted(entry[1] for entry in now)))
            now = [*still, (end, k)]
        if len(now) > 1:
            found.add(tuple(sorted(entry[1] for entry in now)))
    return sorted(found)


def matrix(sets):
    ends = np.cumsum([0, *(len(one) for one in sets)])
    return csr_array((np.ones(ends[-1]), np.concatenate(sets), ends), shape=(len(sets), n))


once = matrix(cliques())


def alone(places):
    """How many contacts of one satellite could happen if it were alone."""
    count, free = 0, -1.0
    for k in sorted(places, key=lambda k: contacts[k].end):
        if contacts[k].start >= free:
            count, free = count + 1, contacts[k].end
    return count


def promises(usable):
    rows, least = [], []
    for one in desk.partners.values():
        if one.least > 0:
            rows.append(usable * seconds * ((partner == one.name) - one.least) / seconds.mean())
            least.append(0.0)
    for one in desk.satellites.values():
        for d in range(day.max() + 1):
            mask = (satellite == one.name) & (day == d) & usable
            if one.contacts_a_day and mask.any():
                rows.append(mask * 1.0)
                least.append(min(one.contacts_a_day, alone(np.flatnonzero(mask))))
    return csr_array(np.array(rows)), np.array(least)


def barred(blocks):
    """Contacts that cannot happen because of own time of others."""
    return np.array(
        [
            any(b.antenna == one.antenna and one.start < b.end and b.start < one.end and b.partner != p for b in blocks)
            for one, p in zip(contacts, partner, strict=True)
        ]
    )


def best(objective, low, high, also=None, gap=0.0):
    rows, least = promises(high > 0)
    limits = [LinearConstraint(once, -np.inf, 1.0), LinearConstraint(rows, least, np.inf)]
    if also is not None:
        limits.append(LinearConstraint(csr_array(also[0].reshape(1, -1)), also[1], np.inf))
    options = {"mip_rel_gap": gap, "time_limit": 12.0}
    found = milp(-objective, constraints=limits, bounds=Bounds(low, high), integrality=np.ones(n), options=options)
    if found.x is None:  # promises that cannot be kept any more: plan without them
        found = milp(
            -objective,
            constraints=limits[:1] + limits[2:],
            bounds=Bounds(low, high),
            integrality=np.ones(n),
            options=options,
        )
    return found.x > 0.5


def names(mask):
    return [contacts[k].name for k in np.flatnonzero(mask)]


def excludes(a, b):
    first, second = (a, b) if a.start <= b.start else (b, a)
    if a.satellite == b.satellite and second.start < first.end:
        return True
    return a.antenna == b.antenna and second.start < first.end + desk.antennas[a.antenna]


# --- the first plan -------------------------------------------------------------------------------

closed = barred(desk.own_time)
plan = best(value, np.zeros(n), np.where(closed, 0.0, 1.0), gap=1e-5)
print("first plan:", int(plan.sum()), "contacts worth", value[plan].sum())
print("refused:", desk.hold(names(plan)))
desk.confirm()
for name in desk.asked:
    one = desk.contacts[name]
    if name not in desk.held:
        desk.refuse(name, because=[other for other in desk.held if excludes(one, desk.contacts[other])])

# The desk is closed for today. What happens tonight is not our business.
